package io.github.notearchive.archive.worklist;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.archive.worklist.Enqueuer.Lines;
import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.note.NoteId;
import java.io.BufferedReader;
import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;

/**
 * Reads note ids from a list: lines of text, or a column of CSV. The column is named, numbered, or detected by its name
 * in the first line.
 *
 * <p>A line is an id, a link with an id, or a share text with such a link. Only known link forms count:
 * {@code /explore/ID}, {@code /discovery/item/ID}, {@code /item/ID}, {@code /note/ID} and
 * {@code /user/profile/USER/ID}. Links also contain other ids of the same form, such as user ids.
 */
public final class NoteListReader {

    private static final int MAX_LINE = 64 * 1024;
    private static final int MAX_SHOWN = 120;

    /** Comment that ends every list. In CSV it is a record, unless a quoted field is still open. */
    private static final String END = "\n# end of the list";

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    /**
     * Names of note columns. {@link #OTHER_COLUMNS} apply only if no column has one of these: {@code _id} of a database
     * export also has 24 hexadecimal digits.
     */
    private static final Set<String> NOTE_COLUMNS =
            Set.of("noteid", "noteurl", "noteurls", "notelink", "笔记id", "笔记链接", "笔记地址", "笔记网址", "笔记url");

    private static final Set<String> OTHER_COLUMNS = Set.of("id", "note", "url", "link", "笔记", "链接", "网址");

    /** Names of columns whose ids look like note ids. */
    private static final Pattern USER_COLUMN = Pattern.compile("(?i)user|author|creator|\\buid\\b|用户|作者|博主");

    /** Part of a URL or of an id. */
    private static final Pattern NOTE_LIKE = Pattern.compile("://|\\.com/|[0-9a-fA-F]{8}");

    private static final Pattern LINK = Pattern.compile(
            "(?:xiaohongshu\\.com|rednote\\.com|xhsdiscover:/)"
                    + "/(?:explore|discovery/item|item|note|user/profile/[0-9a-z]{1,64})/([0-9a-f]{24})(?![0-9a-z])",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern FIELD = Pattern.compile("(?<![0-9a-zA-Z/=_-])([0-9a-fA-F]{24})(?![0-9a-zA-Z/=_-])");
    private static final Pattern SHORT_LINK = Pattern.compile("xhslink\\.com/", Pattern.CASE_INSENSITIVE);

    private final @Nullable String column;
    private final Lines lines;

    /** Meaning of a line. */
    sealed interface Line {

        /** A line that names a note. */
        record Note(NoteId id) implements Line {}

        /** A line without a note; {@code reason} states what is wrong and what to do. */
        record Invalid(String reason) implements Line {}

        /** A blank line or a comment. */
        record Empty() implements Line {}
    }

    /** @param column CSV column, by its name in the first line or its number from 1; null to detect it */
    NoteListReader(@Nullable String column, Lines lines) {
        this.column = column;
        this.lines = lines;
    }

    /** Reads a list to its end; throws {@link EnqueueException} if it is not in the stated format. */
    void read(Reader list) {
        try {
            readLines(new BufferedReader(new TextReader(list)));
        } catch (CsvParseException e) {
            throw failure("not well-formed CSV: " + reason(e));
        } catch (IOException | UncheckedIOException e) {
            throw failure("cannot be read: " + reason(e));
        }
    }

    private void readLines(BufferedReader reader) throws IOException {
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
        reader.mark(2 * MAX_LINE);
        String first = reader.readLine();
        if (first == null) {
            return;
        }
        char separator = separator(first);
        List<String> names = fields(first, separator);
        Optional<Integer> detected = column == null ? idColumn(names) : Optional.empty();
        if (column == null && detected.isEmpty()) {
            readText(reader, first);
        } else {
            reader.reset();
            readCsv(reader, separator, detected.orElseGet(() -> indexOf(Objects.requireNonNull(column), names)));
        }
    }

    private void readText(BufferedReader reader, String first) throws IOException {
        if (isHeading(first) && USER_COLUMN.matcher(first).find()) {
            // user ids cannot be distinguished from note ids, and each costs a call
            throw failure("the first line \""
                    + shown(first)
                    + "\" names users, not notes; choose the column of notes with --column");
        }
        long number = 1;
        for (String line = first; line != null; line = reader.readLine()) {
            accept(number++, line);
        }
    }

    private void readCsv(Reader reader, char separator, int index) throws IOException {
        try (CloseableIterator<CsvRecord> records = CsvReader.builder()
                .fieldSeparator(separator)
                .allowExtraFields(true)
                .allowMissingFields(true)
                .ofCsvRecord(reader)
                .iterator()) {
            for (boolean isFirst = true; records.hasNext(); isFirst = false) {
                CsvRecord row = records.next();
                if (!records.hasNext()) {
                    if (!row.getField(0).equals(END.strip())) {
                        throw failure("not well-formed CSV: a quote opened in line %d or below is not closed"
                                .formatted(row.getStartingLineNumber()));
                    }
                    return;
                }
                String field = index < row.getFieldCount() ? row.getField(index) : "";
                if (isFirst && (!isNumber(column) || isHeading(field))) {
                    continue;
                }
                if (field.isBlank() && !row.getFields().stream().allMatch(String::isBlank)) {
                    lines.rejected(new Rejected(
                            row.getStartingLineNumber(),
                            shown(String.join(" ", row.getFields())),
                            "is empty in column " + (index + 1)));
                } else {
                    accept(row.getStartingLineNumber(), field);
                }
            }
        }
    }

    private static EnqueueException failure(String message) {
        return new EnqueueException(message + "; nothing was enqueued");
    }

    private void accept(long line, String text) {
        switch (parse(text)) {
            case Line.Empty _ -> {}
            case Line.Invalid(String reason) -> lines.rejected(new Rejected(line, shown(text), reason));
            case Line.Note(var id) -> lines.note(id, line);
        }
    }

    /** Returns whether a first field or line is a heading, not a text that may have been meant as a note. */
    private static boolean isHeading(String text) {
        return parse(text) instanceof Line.Invalid && !NOTE_LIKE.matcher(text).find();
    }

    private static boolean isNumber(@Nullable String column) {
        return column != null && column.matches("\\d{1,4}");
    }

    private static int indexOf(String wanted, List<String> names) {
        if (isNumber(wanted)) {
            int number = Integer.parseInt(wanted);
            if (number < 1 || number > names.size()) {
                throw failure(
                        "there is no column %d; the first line has columns 1 to %d".formatted(number, names.size()));
            }
            return number - 1;
        }
        return IntStream.range(0, names.size())
                .filter(i -> names.get(i).strip().equalsIgnoreCase(wanted))
                .findFirst()
                .orElseThrow(() -> failure("there is no column \"%s\"; the first line names %s"
                        .formatted(wanted, String.join(", ", names))));
    }

    private static Optional<Integer> idColumn(List<String> names) {
        List<String> plain = names.stream()
                .map(name -> name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", ""))
                .toList();
        return first(NOTE_COLUMNS, plain).or(() -> first(OTHER_COLUMNS, plain));
    }

    private static Optional<Integer> first(Set<String> wanted, List<String> names) {
        return names.stream().filter(wanted::contains).findFirst().map(names::indexOf);
    }

    /** Parses the first line like the rows below, so that separators within quotes do not split columns. */
    private static List<String> fields(String line, char separator) {
        return CsvReader.builder()
                .fieldSeparator(separator)
                .allowExtraCharsAfterClosingQuote(true) // a line of text may have them
                .ofCsvRecord(line)
                .stream()
                .findFirst()
                .map(row -> row.getFields().stream().map(String::strip).toList())
                .orElse(List.of(""));
    }

    private static char separator(String header) {
        String unquoted = header.replaceAll("\"[^\"]*\"", "");
        return (char)
                ",;\t".chars().filter(c -> unquoted.indexOf(c) >= 0).findFirst().orElse(',');
    }

    private static String shown(String text) {
        String plain = withoutShareToken(text.strip()).replaceAll("\\p{Cntrl}", "?");
        return plain.codePointCount(0, plain.length()) <= MAX_SHOWN
                ? plain
                : plain.substring(0, plain.offsetByCodePoints(0, MAX_SHOWN)) + "…";
    }

    private static String reason(Throwable failure) {
        return String.valueOf(NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
    }

    /** Returns whether a text names a note. */
    public static boolean isNote(String text) {
        return parse(text) instanceof Line.Note;
    }

    /** Masks the share token of a link, which grants access to the note. */
    public static String withoutShareToken(String text) {
        return text.replaceAll("(?i)(xsec_token(?:=|%3d))[^&\\s\"',;]*", "$1***");
    }

    /** Returns the meaning of a line. */
    static Line parse(String text) {
        String line = text.strip();
        if (line.isEmpty() || line.startsWith("#")) {
            return new Line.Empty();
        }
        String bare = line.length() > 1 && line.startsWith("\"") && line.endsWith("\"")
                ? line.substring(1, line.length() - 1)
                : line;
        return NoteId.parse(bare).<Line>map(Line.Note::new).orElseGet(() -> parseLink(line));
    }

    private static Line parseLink(String line) {
        Set<String> ids = ids(LINK, line);
        if (ids.isEmpty()) {
            ids = ids(FIELD, line);
        }
        if (ids.size() == 1) {
            return new Line.Note(new NoteId(ids.iterator().next()));
        }
        if (ids.size() > 1) {
            return new Line.Invalid(
                    "names " + ids.size() + " notes; write one per line, or name the column with --column");
        }
        return new Line.Invalid(
                SHORT_LINK.matcher(line).find()
                        ? "is a short link without the id; open it and use the URL it redirects to"
                        : "contains neither a note id (24 hexadecimal digits) nor a link to a note");
    }

    private static Set<String> ids(Pattern pattern, String line) {
        return pattern.matcher(line)
                .results()
                .map(match -> match.group(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }

    /** Reader of a list with its {@link #END}. Fails for a binary file, and for a line that would exhaust memory. */
    private static final class TextReader extends FilterReader {

        private final Reader end = new StringReader(END);
        private boolean isEmpty = true;
        private boolean isEnded;
        private int length;

        TextReader(Reader in) {
            super(in);
        }

        @Override
        public int read(char[] buffer, int offset, int length) throws IOException {
            int count = isEnded ? -1 : in.read(buffer, offset, length);
            isEnded |= count < 0; // a terminal could be read again
            if (isEnded) {
                return isEmpty ? count : end.read(buffer, offset, length);
            }
            isEmpty = false;
            for (int i = offset; i < offset + count; i++) {
                if (buffer[i] == 0) { // of an image, a workbook, or text in UTF-16
                    throw new IOException("it is not UTF-8 text; save it as UTF-8 text or CSV");
                }
                this.length = buffer[i] == '\n' ? 0 : this.length + 1;
                if (this.length > MAX_LINE) {
                    throw new IOException("a line is longer than " + MAX_LINE + " characters");
                }
            }
            return count;
        }
    }
}
