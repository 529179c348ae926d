package io.github.notearchive.export;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.TableFormat;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Exporter.ExportException;
import io.github.notearchive.export.StagingDirectory.HashedFile;
import io.github.notearchive.export.Table.Column;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one file per table, and the media under their object keys; also as a bag.
 *
 * @param below directory within the export, with a trailing slash; empty for the top level
 */
public record TableFiles(Export export, TableFormat format, String below) {

    /** Line of bag-info.txt that begins with a label, other than those that the export writes itself. */
    private static final Pattern BAG_LABEL = Pattern.compile(
            "(?!(?i:payload-oxum|bagging-date|bag-software-agent):)[A-Za-z0-9][A-Za-z0-9_-]*: \\P{Cntrl}+");

    private static final Pattern BAG_LINE = Pattern.compile("[ \t]\\P{Cntrl}+|" + BAG_LABEL.pattern());

    void write() throws IOException {
        if (export.options().media() == MediaMode.COPY) {
            copy(export.snapshot().objects(export.since() != null));
        }
        if (export.options().packaging().answers()) {
            copy(export.snapshot().sidecars());
        }
        Map<Table, List<String>> files = new LinkedHashMap<>();
        for (Table table : export.tables()) {
            files.put(table, write(table));
        }
        Descriptors.write(export, format, below, files);
        new Manifest(export).write(below, files);
    }

    private void copy(Stream<FileEntry> objects) throws IOException {
        try (objects) {
            for (FileEntry object : (Iterable<FileEntry>) objects::iterator) {
                Export.requireNotStopped(export.stopped());
                export.directory().copy(object, below + object.path());
            }
        }
    }

    /** Writes one table; returns its files. A delta names media that only earlier exports have. */
    List<String> write(Table table) throws IOException {
        StagingDirectory directory = export.directory();
        boolean isPartitioned = export.options().packaging().partitioned() && table.hasMonth();
        try (Parts parts = new Parts(table, isPartitioned)) {
            export.forEachRow(
                    isPartitioned ? table.byMonth() : table,
                    key -> directory.has(below + key) || (export.since() != null && !directory.isOmitted(key))
                            ? key
                            : null,
                    parts::write);
            return parts.finish();
        }
    }

    /** Files of a table, of which one is open at a time. A table without rows has one file without rows. */
    private final class Parts implements TableWriter {

        private final Table table;
        private final boolean isPartitioned;
        private final Deque<String> paths = new ArrayDeque<>();
        private @Nullable HashedFile out;
        private @Nullable OutputStream data;
        private @Nullable TableWriter writer;

        Parts(Table table, boolean isPartitioned) {
            this.table = table;
            this.isPartitioned = isPartitioned;
        }

        @Override
        public void write(ObjectNode row) throws IOException {
            JsonNode month = row.remove(Table.MONTH);
            open(month == null ? "" : month.stringValue()).write(row);
        }

        private TableWriter open(String month) throws IOException {
            String path = table.name()
                    + (isPartitioned ? "/month=" + month + "/data." : ".")
                    + export.options().packaging().extension(format);
            if (writer == null || !path.equals(paths.peekLast())) {
                close();
                out = export.directory().create(below + path);
                data = export.options().packaging().compress(format, out);
                writer = writer(table, out, data);
                paths.add(path);
            }
            return writer;
        }

        List<String> finish() throws IOException {
            if (paths.isEmpty()) {
                open("unknown");
            }
            close();
            return List.copyOf(paths);
        }

        @Override
        public void close() throws IOException {
            try (HashedFile _ = out;
                    OutputStream _ = data;
                    TableWriter _ = writer) {
                out = null;
                data = null;
                writer = null;
            }
        }
    }

    /**
     * Writes all of this as the payload of a bag (BagIt 1.0, RFC 8493), each file with its SHA-256. The bag contains no
     * bagging date, so that the same archive results in the same bag.
     */
    void writeBag() throws IOException {
        write();
        StagingDirectory directory = export.directory();
        String oxum = directory.inventory.bytes() + "." + directory.inventory.files();
        list("manifest-sha256.txt", true);
        directory.write("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        directory.write("bag-info.txt", """
                Bag-Software-Agent: %s
                External-Description: Notes of Xiaohongshu; data/manifest.json says which
                Payload-Oxum: %s
                %s""".formatted(
                        export.options().tool(),
                        oxum,
                        Objects.requireNonNullElse(export.options().packaging().bagInfo(), "")));
        list("tagmanifest-sha256.txt", false);
    }

    /**
     * Reads lines {@code Label: value} for {@code bag-info.txt}; a line that begins with a space continues the
     * previous.
     *
     * @throws ExportException if a line has another form, or a label that the export writes itself
     */
    public static String readBagInfo(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new ExportException("Bag info " + file + " is not UTF-8; nothing was exported");
        }
        for (int i = 0; i < lines.size(); i++) {
            if (!(i == 0 ? BAG_LABEL : BAG_LINE).matcher(lines.get(i)).matches()) {
                throw new ExportException(
                        ("Bag info %s, line %d is not \"Label: value\", or has Payload-Oxum, Bagging-Date or "
                                        + "Bag-Software-Agent; nothing was exported")
                                .formatted(file, i + 1));
            }
        }
        return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
    }

    private void list(String name, boolean isPayload) throws IOException {
        try (OutputStream out = export.directory().create(name)) {
            export.directory().inventory.forEach(file -> {
                if (file.path().startsWith(below) == isPayload) {
                    String line = file.sha256() + "  " + file.path() + "\n";
                    out.write(line.getBytes(StandardCharsets.UTF_8));
                }
            });
        }
    }

    private TableWriter writer(Table table, HashedFile out, OutputStream data) throws IOException {
        return switch (format) {
            case CSV ->
                TableWriter.Csv.start(data, table, export.options().packaging().excel());
            case PARQUET -> ParquetTableWriter.of(export, table, out);
            case JSONL -> TableWriter.jsonLines(data);
        };
    }

    /** Writes the rows of one table to a file, which the caller closes after it. */
    public interface TableWriter extends AutoCloseable {

        void write(ObjectNode row) throws IOException;

        @Override
        default void close() throws IOException {}

        /** Returns a writer of JSON Lines: one object per line, UTF-8, each line ended by LF. */
        static TableWriter jsonLines(OutputStream out) {
            return row -> {
                // serialized before it is written, so that Jackson does not wrap exceptions of the file
                out.write(JsonMapper.shared().writeValueAsBytes(row));
                out.write('\n');
            };
        }

        /**
         * Writes CSV (RFC 4180), UTF-8, with a header line. An absent value is an empty field, an empty text a quoted
         * empty field, as in PostgreSQL's {@code COPY}. Lists are JSON.
         *
         * <p>Values are exact unless the file is for a spreadsheet. Then it begins with a byte order mark, and a text
         * that a spreadsheet would execute as a formula gets an apostrophe prefix: it begins with {@code =}, {@code +},
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
            public void write(ObjectNode row) {
                csv.writeRecord(row.valueStream().map(this::field).toArray(String[]::new));
            }

            private @Nullable String field(JsonNode value) {
                if (!value.isString()) { // a list begins with a bracket, so it is not a formula
                    return value.isNull() ? null : value.toString();
                }
                String text = value.stringValue();
                boolean isFormula = !text.isEmpty() && FORMULA_PREFIXES.indexOf(text.charAt(0)) >= 0;
                return excel && isFormula ? "'" + text : text;
            }

            @Override
            public void close() throws IOException {
                csv.close();
            }
        }
    }
}
