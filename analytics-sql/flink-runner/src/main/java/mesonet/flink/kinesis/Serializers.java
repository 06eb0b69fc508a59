package mesonet.flink.kinesis;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** What the source keeps in checkpoints. */
final class Serializers {
    private Serializers() {}

    static SimpleVersionedSerializer<ShardSplit> splits() {
        return new ObjectSerializer<>(Serializers::writeSplit, Serializers::readSplit);
    }

    static SimpleVersionedSerializer<EnumeratorState> enumerator() {
        return new ObjectSerializer<>(
                (state, to) -> {
                    writeNames(state.assigned(), to);
                    writeNames(state.finished(), to);
                    to.writeInt(state.waiting().size());
                    for (ShardSplit split : state.waiting()) writeSplit(split, to);
                    to.writeBoolean(state.position().isOldest());
                    to.writeLong(state.position().millis());
                },
                from -> {
                    Set<String> assigned = readNames(from);
                    Set<String> finished = readNames(from);
                    Set<ShardSplit> waiting = new LinkedHashSet<>();
                    for (int left = from.readInt(); left > 0; left--) waiting.add(readSplit(from));
                    StartPosition position = new StartPosition(from.readBoolean(), from.readLong());
                    return new EnumeratorState(assigned, finished, waiting, position);
                });
    }

    private static void writeSplit(ShardSplit split, DataOutputStream to) throws IOException {
        to.writeUTF(split.shardId());
        writeText(split.sequenceNumber(), to);
        to.writeBoolean(split.start() != null);
        to.writeLong(split.start() == null ? 0 : split.start());
        to.writeLong(split.watermarkMillis());
    }

    private static ShardSplit readSplit(DataInputStream from) throws IOException {
        String shardId = from.readUTF();
        String sequenceNumber = readText(from);
        boolean hasStart = from.readBoolean();
        long start = from.readLong();
        return new ShardSplit(shardId, sequenceNumber, hasStart ? (Long) start : null, from.readLong());
    }

    private static void writeText(String text, DataOutputStream to) throws IOException {
        to.writeBoolean(text != null);
        if (text != null) to.writeUTF(text);
    }

    private static String readText(DataInputStream from) throws IOException {
        return from.readBoolean() ? from.readUTF() : null;
    }

    private static void writeNames(Set<String> names, DataOutputStream to) throws IOException {
        to.writeInt(names.size());
        for (String name : names) to.writeUTF(name);
    }

    private static Set<String> readNames(DataInputStream from) throws IOException {
        Set<String> names = new LinkedHashSet<>();
        for (int left = from.readInt(); left > 0; left--) names.add(from.readUTF());
        return names;
    }
}
