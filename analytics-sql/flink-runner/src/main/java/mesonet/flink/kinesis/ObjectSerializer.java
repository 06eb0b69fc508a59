package mesonet.flink.kinesis;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A checkpoint's parts as bytes, field by field, under a version. */
final class ObjectSerializer<T> implements SimpleVersionedSerializer<T> {
    private static final int VERSION = 1;

    interface Write<T> {
        void write(T value, DataOutputStream to) throws IOException;
    }

    interface Read<T> {
        T read(DataInputStream from) throws IOException;
    }

    private final Write<T> write;
    private final Read<T> read;

    ObjectSerializer(Write<T> write, Read<T> read) {
        this.write = write;
        this.read = read;
    }

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(T value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream to = new DataOutputStream(bytes)) {
            write.write(value, to);
        }
        return bytes.toByteArray();
    }

    @Override
    public T deserialize(int version, byte[] bytes) throws IOException {
        if (version != VERSION) throw new IOException("Cannot read state of version " + version + ", this is " + VERSION);
        return read.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    }
}
