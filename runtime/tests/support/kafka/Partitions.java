import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** For each key on standard input, in hexadecimal: the partition of twelve that Java's client would choose. */
class Partitions {
    public static void main(String[] arguments) throws Exception {
        var keys = new BufferedReader(new InputStreamReader(System.in));
        for (String key; (key = keys.readLine()) != null; ) {
            System.out.println(BuiltInPartitioner.partitionForKey(HexFormat.of().parseHex(key), 12));
        }
    }
}
