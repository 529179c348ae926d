package io.github.notearchive.export;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
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

    /**
     * Writes CSV (RFC 4180), UTF-8, with a header line. An absent value is an empty field, an empty text a quoted empty
     * field, as in PostgreSQL's {@code COPY}. Lists are JSON.
     *
     * <p>Values are exact unless the file is for a spreadsheet. Then it begins with a byte order mark, and a text that
     * a spreadsheet would execute as a formula gets an apostrophe prefix: it begins with {@code =}, {@code +},
     * {@code -}, {@code @}, a tab, a line break or, in East Asian Excel, a full-width form of these signs
     * (https://owasp.org/www-community/attacks/CSV_Injection).
     */
    record Csv(CsvWriter csv, boolean excel) implements TableWriter {

        private static final String FORMULA_PREFIXES = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

        static Csv start(OutputStream out, Table table, boolean excel) throws IOException {
            if (excel) {
                out.write("\ufeff".getBytes(StandardCharsets.UTF_8));
            }
            CsvWriter csv = CsvWriter.builder()
                    .lineDelimiter(LineDelimiter.CRLF)
                    .quoteStrategy(QuoteStrategies.EMPTY)
                    .build(out, StandardCharsets.UTF_8);
            csv.writeRecord(table.columns().stream().map(Column::name).toList());
            return new Csv(csv, excel);
        }

        @Override
        public void write(ObjectNode row) throws IOException {
            try {
                csv.writeRecord(row.valueStream().map(this::field).toArray(String[]::new));
            } catch (UncheckedIOException e) {
                throw new IOException("Cannot write the CSV file", e);
            }
        }

        private @Nullable String field(JsonNode value) {
            // a list begins with a bracket, so it is not a formula
            String text = value.isNull() || value.isString() ? value.stringValue(null) : value.toString();
            boolean isFormula = text != null
                    && !text.isEmpty()
                    && value.isString()
                    && FORMULA_PREFIXES.indexOf(text.charAt(0)) >= 0;
            return excel && isFormula ? "'" + text : text;
        }

        @Override
        public void close() throws IOException {
            csv.close();
        }
    }
}
