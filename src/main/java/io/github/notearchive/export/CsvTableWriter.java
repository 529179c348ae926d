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
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes CSV (RFC 4180), UTF-8, with a header line. An absent value is an empty field, an empty text a quoted empty
 * field, as in PostgreSQL's {@code COPY}. Lists are JSON.
 *
 * <p>Values are exact unless the file is for a spreadsheet. Then it begins with a byte order mark, and a text that a
 * spreadsheet would execute as a formula gets an apostrophe prefix: it begins with {@code =}, {@code +}, {@code -},
 * {@code @}, a tab, a line break or, in East Asian Excel, a full-width form of these signs
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
final class CsvTableWriter implements TableWriter {

    private static final String BYTE_ORDER_MARK = "\ufeff";
    private static final String FORMULA_PREFIXES = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

    private final CsvWriter csv;
    private final boolean excel;

    CsvTableWriter(OutputStream out, Table table, boolean excel) throws IOException {
        this.excel = excel;
        if (excel) {
            out.write(BYTE_ORDER_MARK.getBytes(StandardCharsets.UTF_8));
        }
        this.csv = CsvWriter.builder()
                .lineDelimiter(LineDelimiter.CRLF)
                .quoteStrategy(QuoteStrategies.EMPTY)
                .build(out, StandardCharsets.UTF_8);
        csv.writeRecord(table.columns().stream().map(Column::name).toList());
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
        if (value.isNull()) {
            return null;
        }
        if (value.isString()) {
            return excel ? escapeFormula(value.stringValue()) : value.stringValue();
        }
        // a list begins with a bracket, so it is not a formula
        return value.toString();
    }

    private static String escapeFormula(String text) {
        return !text.isEmpty() && FORMULA_PREFIXES.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    @Override
    public void close() throws IOException {
        csv.close();
    }
}
