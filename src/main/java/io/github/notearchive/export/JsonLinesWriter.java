package io.github.notearchive.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/** One JSON object a line, UTF-8, lines ended by LF. */
final class JsonLinesWriter implements TableWriter {

    private static final JsonMapper MAPPER =
            new JsonMapper(JsonFactory.builder().rootValueSeparator("\n").build());

    private final OutputStream out;
    private final JsonGenerator json;
    private boolean any;

    JsonLinesWriter(OutputStream out) {
        this.out = out;
        this.json = MAPPER.createGenerator(new Unclosed(out));
    }

    @Override
    public void write(Row row) {
        JsonRows.write(json, row);
        any = true;
    }

    @Override
    public void close() throws IOException {
        try (out) {
            json.close();
            if (any) {
                out.write("\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    /** Leaves the file open when the generator is closed. */
    private static final class Unclosed extends java.io.FilterOutputStream {

        Unclosed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
