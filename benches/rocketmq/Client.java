import java.io.DataInputStream;
import java.io.BufferedInputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Sends messages from memory by RocketMQ's own client: batches, one in flight a queue, queues in parallel. Arguments:
 * where the name server and the broker listen, the topic, how many queues it is to have, how many messages to send, how
 * many bytes of bodies go into a batch, and a file of bodies, each behind its length. It first sends as many messages as
 * there are in the file, to warm up. Prints what the rest cost: ns on the CPU, ns by the clock, kB of memory at most.
 */
class Client {
    final DefaultMQProducer producer = new DefaultMQProducer("bench");
    final String topic;
    final int batchBytes;
    final List<byte[]> bodies = new ArrayList<>();

    Client(String names, String topic, int batchBytes, Path file) throws Exception {
        this.topic = topic;
        this.batchBytes = batchBytes;
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            while (in.available() > 0) {
                bodies.add(in.readNBytes(in.readInt()));
            }
        }
        producer.setNamesrvAddr(names);
        producer.setSendMsgTimeout(30_000);
        producer.start();
    }

    public static void main(String[] arguments) {
        // The client's threads would go on.
        try {
            measure(arguments);
            System.exit(0);
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void measure(String[] arguments) throws Exception {
        String names = arguments[0], topic = arguments[2];
        int queues = Integer.parseInt(arguments[3]), count = Integer.parseInt(arguments[4]);
        create(names, arguments[1], topic, queues);
        var client = new Client(names, topic, Integer.parseInt(arguments[5]), Path.of(arguments[6]));
        client.send(client.bodies.size());
        long cpu = cpu(), wall = System.nanoTime();
        client.send(count);
        System.out.println(cpu() - cpu + " " + (System.nanoTime() - wall) + " " + peak());
    }

    static void create(String names, String broker, String topic, int queues) throws Exception {
        var admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(names);
        admin.start();
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, queues, queues, 6));
        admin.shutdown();
    }

    void send(int count) throws Exception {
        List<MessageQueue> queues = queues();
        ExecutorService threads = Executors.newFixedThreadPool(queues.size());
        List<Callable<Void>> work = new ArrayList<>();
        for (int at = 0; at < queues.size(); at++) {
            int first = at;
            work.add(() -> send(queues.get(first), first, queues.size(), count));
        }
        for (var done : threads.invokeAll(work)) {
            done.get();
        }
        threads.shutdown();
    }

    /** Every so-manieth message of the first ones. */
    Void send(MessageQueue queue, int first, int step, int count) throws Exception {
        var batch = new ArrayList<Message>();
        int bytes = 0;
        for (int at = first; at < count; at += step) {
            byte[] body = bodies.get(at % bodies.size());
            if (bytes + body.length > batchBytes) {
                send(batch, queue);
                batch = new ArrayList<>();
                bytes = 0;
            }
            var message = new Message(topic, "t1", Integer.toString(at), body);
            message.putUserProperty("lsn", "0-1-" + at / 1000 + ":" + at % 1000);
            batch.add(message);
            bytes += body.length;
        }
        if (!batch.isEmpty()) {
            send(batch, queue);
        }
        return null;
    }

    void send(List<Message> batch, MessageQueue queue) throws Exception {
        SendResult result = producer.send(batch, queue);
        if (result.getSendStatus() != SendStatus.SEND_OK) {
            throw new IllegalStateException(result.toString());
        }
    }

    /** The name server hears of a new topic a little later. */
    List<MessageQueue> queues() throws Exception {
        for (long until = System.nanoTime() + 60_000_000_000L; ; Thread.sleep(20)) {
            try {
                var queues = new ArrayList<>(producer.fetchPublishMessageQueues(topic));
                Collections.sort(queues);
                return queues;
            } catch (Exception error) {
                if (System.nanoTime() > until) {
                    throw error;
                }
            }
        }
    }

    static long cpu() {
        var system = ManagementFactory.getOperatingSystemMXBean();
        return ((com.sun.management.OperatingSystemMXBean) system).getProcessCpuTime();
    }

    static String peak() throws Exception {
        String status = Files.readString(Path.of("/proc/self/status"), StandardCharsets.US_ASCII);
        return status.lines().filter(line -> line.startsWith("VmHWM:")).findFirst().orElseThrow()
            .replaceAll("[^0-9]", "");
    }
}
