import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * For each line on standard input, `key` or `value` and bytes in hexadecimal: the record that they are, by the registry
 * whose address is the argument.
 */
class Records {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = new HashMap<>();
        settings.put("apicurio.registry.url", arguments[0] + "/apis/registry/v2");
        settings.put("apicurio.registry.id-handler", "io.apicurio.registry.serde.Legacy4ByteIdHandler");
        settings.put("apicurio.registry.use-id", "contentId");
        settings.put("apicurio.registry.headers.enabled", "false");
        try (var keys = new AvroKafkaDeserializer<Object>(); var values = new AvroKafkaDeserializer<Object>()) {
            keys.configure(settings, true);
            values.configure(settings, false);
            var lines = new BufferedReader(new InputStreamReader(System.in));
            for (String line; (line = lines.readLine()) != null; ) {
                var words = line.split(" ");
                var reader = words[0].equals("key") ? keys : values;
                System.out.println(reader.deserialize("any", HexFormat.of().parseHex(words[1])));
            }
        }
    }
}
