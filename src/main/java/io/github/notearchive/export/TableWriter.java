package io.github.notearchive.export;

import java.io.IOException;
import java.io.OutputStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Writes the rows of one table to one file. Closed once, also after a failure. */
interface TableWriter extends AutoCloseable {

    void write(ObjectNode row) throws IOException;

    @Override
    void close() throws IOException;

    /** Writes JSON Lines: one object per line, UTF-8, each line ended by LF. */
    record JsonLines(OutputStream out) implements TableWriter {

        /** Serializes the object before it writes, so that Jackson does not wrap exceptions of the file. */
        @Override
        public void write(ObjectNode row) throws IOException {
            out.write(JsonMapper.shared().writeValueAsBytes(row));
            out.write('\n');
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
