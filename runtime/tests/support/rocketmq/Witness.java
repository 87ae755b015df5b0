import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.client.trace.TraceBean;
import org.apache.rocketmq.client.trace.TraceContext;
import org.apache.rocketmq.client.trace.TraceDataEncoder;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Makes topics and says what they hold, by RocketMQ's own client. Arguments: where the name server listens; the user and
 * the secret where the broker asks for them. Each line of standard input is an order, its words are parted by tabs. What
 * it finds is told in lines, and then a line says `done`.
 */
class Witness {
    static final long PATIENCE_MS = 120_000;

    final DefaultMQPullConsumer consumer;
    final DefaultMQAdminExt admin;
    final DefaultMQProducer producer;
    final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    Witness(String names, RPCHook user) throws Exception {
        consumer = new DefaultMQPullConsumer("witness", user);
        consumer.setNamesrvAddr(names);
        consumer.start();
        admin = new DefaultMQAdminExt(user);
        admin.setNamesrvAddr(names);
        admin.setInstanceName("admin");
        admin.start();
        producer = new DefaultMQProducer("witness", user);
        producer.setNamesrvAddr(names);
        producer.start();
    }

    public static void main(String[] arguments) throws Exception {
        var isKnown = arguments.length > 1;
        var user = isKnown ? new AclClientRPCHook(new SessionCredentials(arguments[1], arguments[2])) : null;
        var witness = new Witness(arguments[0], user);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            witness.follow(line.split("\t", -1));
            witness.out.println("done");
            witness.out.flush();
        }
        // The client's threads would go on.
        System.exit(0);
    }

    void follow(String[] order) throws Exception {
        switch (order[0]) {
            case "create" -> create(order[1], Integer.parseInt(order[2]), order[3]);
            case "count" -> count(order[1]);
            case "read" -> read(order[1], this::print);
            case "traces" -> read(order[1], this::printTrace);
            case "await" -> await(order[1], order[2].getBytes(StandardCharsets.UTF_8));
            case "send" -> send(order);
            case "choose" -> choose(Integer.parseInt(order[1]), order);
            default -> throw new IllegalArgumentException(order[0]);
        }
    }

    /** A topic on the broker that listens there. */
    void create(String topic, int queues, String broker) throws Exception {
        patiently(() -> {
            admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, queues, queues, 6));
            return null;
        });
        queues(topic);
    }

    /** In the order in which a producer has them. */
    List<MessageQueue> queues(String topic) throws Exception {
        return patiently(() -> {
            var queues = new ArrayList<>(consumer.fetchSubscribeMessageQueues(topic));
            Collections.sort(queues);
            return queues;
        });
    }

    /** How many messages each queue of a topic has. */
    void count(String topic) throws Exception {
        for (MessageQueue queue : queues(topic)) {
            out.println(end(queue));
        }
    }

    /** The words: topic, number of the queue, body, and properties, each a name and a value. */
    void send(String[] order) throws Exception {
        var message = new Message(order[1], order[3].getBytes(StandardCharsets.UTF_8));
        for (int at = 4; at < order.length; at += 2) {
            MessageAccessor.putProperty(message, order[at], order[at + 1]);
        }
        var sent = producer.send(message, queues(order[1]).get(Integer.parseInt(order[2])));
        if (sent.getSendStatus() != SendStatus.SEND_OK) {
            throw new IllegalStateException(sent.toString());
        }
    }

    long end(MessageQueue queue) throws InterruptedException {
        return patiently(() -> consumer.maxOffset(queue));
    }

    /** All messages of a topic, queue by queue; there may be more than fit into memory. */
    void read(String topic, Consumer<MessageExt> each) throws Exception {
        for (MessageQueue queue : queues(topic)) {
            if (patiently(() -> consumer.minOffset(queue)) != 0) {
                throw new IllegalStateException("the broker has thrown messages away");
            }
            for (long offset = 0, end = end(queue); offset < end; ) {
                for (MessageExt message : pull(queue, offset)) {
                    if (message.getQueueOffset() != offset || message.getQueueId() != queue.getQueueId()) {
                        throw new IllegalStateException(queue + " has " + message + " at " + offset);
                    }
                    offset++;
                    each.accept(message);
                }
            }
        }
    }

    /** What a trace says, as the client's own tools read it. */
    void printTrace(MessageExt message) {
        var keys = List.of(message.getKeys().split(" "));
        for (TraceContext trace : TraceDataEncoder.decoderFromTraceDataString(new String(message.getBody()))) {
            for (TraceBean bean : trace.getTraceBeans()) {
                var members = new LinkedHashMap<String, Object>();
                members.put("kind", trace.getTraceType().name());
                members.put("group", trace.getGroupName());
                members.put("region", trace.getRegionId());
                members.put("at_ms", trace.getTimeStamp());
                members.put("succeeded", trace.isSuccess());
                members.put("topic", bean.getTopic());
                members.put("id", bean.getMsgId());
                members.put("is_found_by_id", keys.contains(bean.getMsgId()));
                members.put("tag", bean.getTags());
                members.put("keys", bean.getKeys());
                members.put("broker", bean.getStoreHost());
                members.put("bytes", bean.getBodyLength());
                members.put("place", bean.getOffsetMsgId());
                out.println(write(members));
            }
        }
    }

    List<MessageExt> pull(MessageQueue queue, long offset) throws InterruptedException {
        var found = patiently(() -> consumer.pull(queue, "*", offset, 1000)).getMsgFoundList();
        return found == null ? List.of() : found;
    }

    void print(MessageExt message) {
        var members = new LinkedHashMap<String, Object>();
        members.put("broker", message.getBrokerName());
        members.put("queue", message.getQueueId());
        members.put("offset", message.getQueueOffset());
        members.put("stored", message.getStoreSize());
        members.put("place", ((MessageClientExt) message).getOffsetMsgId());
        members.put("tag", message.getTags());
        members.put("keys", message.getKeys());
        members.put("properties", message.getProperties());
        members.put("body", new String(message.getBody(), StandardCharsets.UTF_8));
        out.println(write(members));
    }

    /** Until a message of the topic holds this text. */
    void await(String topic, byte[] text) throws Exception {
        var read = new LinkedHashMap<MessageQueue, Long>();
        for (long until = System.currentTimeMillis() + PATIENCE_MS; System.currentTimeMillis() < until; ) {
            for (MessageQueue queue : queues(topic)) {
                for (long offset = read.getOrDefault(queue, 0L), end = end(queue); offset < end; ) {
                    for (MessageExt message : pull(queue, offset)) {
                        read.put(queue, ++offset);
                        if (holds(message.getBody(), text)) {
                            return;
                        }
                    }
                }
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException(topic + " does not get the text");
    }

    static boolean holds(byte[] body, byte[] text) {
        for (int at = 0; at + text.length <= body.length; at++) {
            if (Arrays.equals(body, at, at + text.length, text, 0, text.length)) {
                return true;
            }
        }
        return false;
    }

    /** For each key (all words from the third on), which of so many queues the client's own selector takes. */
    void choose(int count, String[] keys) {
        var queues = new ArrayList<MessageQueue>();
        for (int number = 0; number < count; number++) {
            queues.add(new MessageQueue("topic", "broker", number));
        }
        var selector = new SelectMessageQueueByHash();
        for (int at = 2; at < keys.length; at++) {
            out.println(selector.select(queues, null, keys[at]).getQueueId());
        }
    }

    interface Asking<T> {
        T ask() throws Exception;
    }

    /** While a broker is away, questions fail; they are asked again. */
    static <T> T patiently(Asking<T> asking) throws InterruptedException {
        var until = System.currentTimeMillis() + PATIENCE_MS;
        while (true) {
            try {
                return asking.ask();
            } catch (Exception error) {
                if (System.currentTimeMillis() >= until) {
                    throw new IllegalStateException(error);
                }
                Thread.sleep(20);
            }
        }
    }

    /** JSON, by hand: what reads messages should not write the answer, too. */
    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                .map(entry -> write(entry.getKey()) + ":" + write(entry.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof String text) {
            var out = new StringBuilder("\"");
            for (char unit : text.toCharArray()) {
                if (unit < ' ' || unit == '"' || unit == '\\') {
                    out.append(String.format("\\u%04x", (int) unit));
                } else {
                    out.append(unit);
                }
            }
            return out.append('"').toString();
        }
        return String.valueOf(value);
    }
}
