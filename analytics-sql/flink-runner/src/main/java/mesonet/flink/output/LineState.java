package mesonet.flink.output;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;

/** Lines that wait for their request, as a checkpoint keeps them. */
final class LineState extends AsyncSinkWriterStateSerializer<OutputLine> {
    private static final int VERSION = 1;

    @Override
    protected void serializeRequestToStream(OutputLine line, DataOutputStream to) throws IOException {
        byte[] text = line.text().getBytes(StandardCharsets.UTF_8);
        to.writeUTF(line.partitionKey());
        to.writeInt(text.length);
        to.write(text);
    }

    @Override
    protected OutputLine deserializeRequestFromStream(long size, DataInputStream from) throws IOException {
        String key = from.readUTF();
        byte[] text = from.readNBytes(from.readInt());
        return new OutputLine(key, new String(text, StandardCharsets.UTF_8));
    }

    @Override
    public int getVersion() {
        return VERSION;
    }
}
