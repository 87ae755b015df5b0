import com.alibaba.fastjson2.JSON;
import com.alibaba.otter.canal.client.CanalMessageDeserializer;
import com.alibaba.otter.canal.protocol.CanalEntry.Column;
import com.alibaba.otter.canal.protocol.CanalEntry.Entry;
import com.alibaba.otter.canal.protocol.CanalEntry.EntryType;
import com.alibaba.otter.canal.protocol.CanalEntry.EventType;
import com.alibaba.otter.canal.protocol.CanalEntry.Header;
import com.alibaba.otter.canal.protocol.CanalEntry.RowChange;
import com.alibaba.otter.canal.protocol.CanalEntry.RowData;
import com.alibaba.otter.canal.protocol.FlatMessage;
import com.alibaba.otter.canal.protocol.Message;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * For each message on standard input, what Canal's own client reads out of it, as a line of JSON. A line is the form of the
 * message (`json` or `protobuf`), a blank, and its bytes in hexadecimal.
 */
class Witness {
    public static void main(String[] arguments) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            var parts = line.split(" ");
            var bytes = HexFormat.of().parseHex(parts[1]);
            var members = parts[0].equals("json") ? flat(bytes) : packet(bytes);
            System.out.write((write(members) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        System.out.flush();
    }

    /** As `KafkaCanalConnector.getFlatList` does it. */
    static Map<String, Object> flat(byte[] bytes) {
        var text = new String(bytes, StandardCharsets.UTF_8);
        FlatMessage message = JSON.parseObject(text, FlatMessage.class);
        var members = new LinkedHashMap<String, Object>();
        members.put("id", message.getId());
        members.put("database", message.getDatabase());
        members.put("table", message.getTable());
        members.put("pkNames", message.getPkNames());
        members.put("isDdl", message.getIsDdl());
        members.put("type", message.getType());
        members.put("es", message.getEs());
        members.put("ts", message.getTs());
        members.put("sql", message.getSql());
        members.put("sqlType", message.getSqlType());
        members.put("mysqlType", message.getMysqlType());
        members.put("data", message.getData());
        members.put("old", message.getOld());
        members.put("gtid", message.getGtid());
        return members;
    }

    /** As `KafkaCanalConnector.getList` does it; then what Canal makes flat messages of. */
    static Map<String, Object> packet(byte[] bytes) throws Exception {
        Message message = CanalMessageDeserializer.deserializer(bytes);
        List<Entry> entries = message.getEntries();
        if (entries.size() != 1 || entries.get(0).getEntryType() != EntryType.ROWDATA) {
            throw new IllegalStateException("not one entry of rows");
        }
        Header header = entries.get(0).getHeader();
        RowChange change = RowChange.parseFrom(entries.get(0).getStoreValue());
        if (header.getEventType() != change.getEventType()) {
            throw new IllegalStateException("header and rows are of two kinds");
        }
        var members = new LinkedHashMap<String, Object>();
        members.put("id", message.getId());
        members.put("database", header.getSchemaName());
        members.put("table", header.getTableName());
        members.put("isDdl", change.getIsDdl());
        members.put("type", change.getEventType().toString());
        members.put("es", header.getExecuteTime());
        members.put("ts", header.getExecuteTime());
        members.put("sql", change.getSql());
        members.put("gtid", header.getGtid());
        var isStatement = change.getIsDdl();
        var rows = new Rows();
        change.getRowDatasList().forEach(row -> rows.add(change.getEventType(), row));
        members.put("pkNames", rows.pkNames.isEmpty() ? null : rows.pkNames);
        members.put("sqlType", isStatement ? null : rows.sqlType);
        members.put("mysqlType", isStatement ? null : rows.mysqlType);
        members.put("data", isStatement ? null : rows.data);
        members.put("old", change.getEventType() == EventType.UPDATE ? rows.old : null);
        return members;
    }

    /** The rows of a message, column by column. */
    static class Rows {
        final List<String> pkNames = new ArrayList<>();
        final Map<String, Object> sqlType = new LinkedHashMap<>();
        final Map<String, Object> mysqlType = new LinkedHashMap<>();
        final List<Object> data = new ArrayList<>();
        final List<Object> old = new ArrayList<>();

        void add(EventType kind, RowData row) {
            var columns = kind == EventType.DELETE ? row.getBeforeColumnsList() : row.getAfterColumnsList();
            var shown = new LinkedHashMap<String, Object>();
            for (Column column : columns) {
                if (column.getIsKey() && !pkNames.contains(column.getName())) {
                    pkNames.add(column.getName());
                }
                sqlType.put(column.getName(), column.getSqlType());
                mysqlType.put(column.getName(), column.getMysqlType());
                shown.put(column.getName(), value(column));
            }
            data.add(shown);
            var updated = columns.stream().filter(Column::getUpdated).map(Column::getName).toList();
            var replaced = new LinkedHashMap<String, Object>();
            for (Column column : row.getBeforeColumnsList()) {
                if (updated.contains(column.getName())) {
                    replaced.put(column.getName(), value(column));
                }
            }
            old.add(replaced);
        }

        static String value(Column column) {
            return column.getIsNull() ? null : column.getValue();
        }
    }

    /** JSON, by hand: what reads messages should not write the answer, too. */
    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                .map(entry -> write(entry.getKey()) + ":" + write(entry.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Witness::write).collect(Collectors.joining(",", "[", "]"));
        }
        if (value instanceof String text) {
            return text.chars().mapToObj(unit -> String.format("\\u%04x", unit)).collect(Collectors.joining("", "\"", "\""));
        }
        return String.valueOf(value);
    }
}
