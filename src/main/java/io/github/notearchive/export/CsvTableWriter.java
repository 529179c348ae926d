package io.github.notearchive.export;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * RFC 4180, UTF-8, with a header line. An absent value is an empty field, an empty text a quoted empty field, as
 * PostgreSQL's {@code COPY} has it. Lists are JSON.
 *
 * <p>Values are exact. For a spreadsheet, and then alone, the file begins with a byte order mark, and text that would
 * be a formula has an apostrophe before it: such a program runs what begins with {@code =}, {@code +}, {@code -} or
 * {@code @}, also behind a tab or a line break. The Excel of East Asia runs the full-width forms of these signs, too
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
final class CsvTableWriter implements TableWriter {

    private static final char BYTE_ORDER_MARK = '\ufeff';
    private static final String FORMULA_BEGINS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

    private final CsvWriter csv;
    private final boolean excel;

    CsvTableWriter(OutputStream out, Table table, boolean excel) throws IOException {
        this.excel = excel;
        if (excel) {
            out.write(String.valueOf(BYTE_ORDER_MARK).getBytes(StandardCharsets.UTF_8));
        }
        this.csv = CsvWriter.builder()
                .lineDelimiter(LineDelimiter.CRLF)
                .quoteStrategy(QuoteStrategies.EMPTY)
                .build(out, StandardCharsets.UTF_8);
        csv.writeRecord(table.columns().stream().map(Column::name).toList());
    }

    @Override
    public void write(Row row) throws IOException {
        int width = row.table().columns().size();
        List<@Nullable String> fields = new ArrayList<>(width);
        for (int i = 0; i < width; i++) {
            fields.add(field(row.get(i)));
        }
        try {
            csv.writeRecord(fields);
        } catch (UncheckedIOException e) {
            throw new IOException("The CSV file cannot be written", e);
        }
    }

    private @Nullable String field(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String text -> excel ? harmless(text) : text;
            case List<?> _ -> json(value);
            default -> value.toString();
        };
    }

    /** Begins with a bracket, so it is no formula. */
    private static String json(Object list) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JsonMapper.shared().createGenerator(text)) {
            JsonRows.value(json, list);
        }
        return text.toString();
    }

    private static String harmless(String text) {
        return !text.isEmpty() && FORMULA_BEGINS.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    @Override
    public void close() throws IOException {
        csv.close();
    }
}
