import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.FileReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * What Debezium's engine makes of a log, with the properties of a file, until a record holds a text: topic, key and value of
 * each record, or each schema once. Records of transactions are left out.
 */
class Recorder {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final Set<String> SEEN = new HashSet<>();

    public static void main(String[] arguments) throws Exception {
        var properties = new Properties();
        try (var reader = new FileReader(arguments[0])) {
            properties.load(reader);
        }
        var last = arguments[1];
        boolean schemas = Boolean.parseBoolean(properties.getProperty("converter.schemas.enable"));
        var done = new CountDownLatch(1);
        var failure = new Throwable[1];
        var engine = DebeziumEngine.create(Json.class)
            .using(properties)
            .notifying(record -> {
                if (done.getCount() > 0) {
                    write(record, schemas);
                }
                if (String.valueOf(record.value()).contains(last)) {
                    done.countDown();
                }
            })
            .using((success, message, error) -> {
                failure[0] = success ? null : new IllegalStateException(message, error);
                done.countDown();
            })
            .build();
        new Thread(engine).start();
        done.await();
        if (failure[0] != null) {
            failure[0].printStackTrace();
        }
        // Closing waits for what nobody wants.
        Runtime.getRuntime().halt(failure[0] == null ? 0 : 1);
    }

    private static void write(ChangeEvent<String, String> record, boolean schemas) {
        if (record.destination().endsWith(".transaction")) {
            return;
        }
        if (!schemas) {
            OUT.printf("%s\t%s\t%s%n", record.destination(), record.key(), record.value());
            return;
        }
        for (var part : new String[] {record.key(), record.value()}) {
            var schema = part == null ? null : schema(part);
            if (schema != null && SEEN.add(schema.toString())) {
                OUT.println(schema);
            }
        }
    }

    private static JsonNode schema(String part) {
        try {
            return MAPPER.readTree(part).get("schema");
        } catch (java.io.IOException error) {
            throw new IllegalStateException(error);
        }
    }
}
