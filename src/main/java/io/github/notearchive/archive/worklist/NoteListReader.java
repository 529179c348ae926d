package io.github.notearchive.archive.worklist;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueException;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueuedList;
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
import java.util.stream.Stream;
import org.apache.commons.io.function.IOFunction;
import org.apache.commons.io.input.SequenceReader;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;

/**
 * Reads note ids from a list: lines of text, or a column of CSV. The column is named, numbered, or detected by its name
 * in the first line.
 *
 * <p>A line is an id, a link with an id, or a share text with such a link. Only known link forms count:
 * {@code /explore/ID}, {@code /discovery/item/ID}, {@code /item/ID}, {@code /note/ID} and
 * {@code /user/profile/USER/ID}. Links also contain other ids of the same form, such as user ids. A line without a note
 * may have a short link that redirects to one.
 */
public final class NoteListReader {

    private static final int MAX_LINE = 64 * 1024;
    private static final int MAX_SHOWN = 120;

    /** Record that ends every CSV list, unless a quoted field is still open. No list contains this character. */
    private static final String END = "\0";

    private static final String BYTE_ORDER_MARK = "\uFEFF";

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

    private static final Pattern ID = Pattern.compile("(?<![0-9a-zA-Z/=_-])([0-9a-fA-F]{24})(?![0-9a-zA-Z/=_-])");
    private static final Pattern SHORT_LINK =
            Pattern.compile("(?<![\\w.@/-])(https?://)?(xhslink\\.com/[\\w/-]+)", Pattern.CASE_INSENSITIVE);

    private final @Nullable String column;
    private final EnqueuedList enqueued;
    private final @Nullable IOFunction<String, String> shortLinks;

    /**
     * @param column CSV column, by its name in the first line or its number from 1; null to detect it
     * @param shortLinks returns the target of a short link; null to reject short links
     */
    NoteListReader(@Nullable String column, EnqueuedList enqueued, @Nullable IOFunction<String, String> shortLinks) {
        this.column = column;
        this.enqueued = enqueued;
        this.shortLinks = shortLinks;
    }

    /** Reads a list to its end; throws {@link EnqueueException} if it is not in the stated format. */
    void read(Reader list) {
        BufferedReader reader = new BufferedReader(new TextReader(list));
        try {
            String first = reader.readLine();
            if (first != null) {
                read(Strings.CS.removeStart(first, BYTE_ORDER_MARK), reader);
            }
        } catch (CsvParseException e) {
            throw failure("not well-formed CSV: " + reason(e));
        } catch (IOException | UncheckedIOException e) {
            throw failure("cannot be read: " + reason(e));
        }
    }

    private void read(String first, BufferedReader others) throws IOException {
        char separator = separator(first);
        Optional<Integer> index = columnOf(fields(first, separator));
        if (index.isPresent()) {
            readCsv(first, others, separator, index.get());
            return;
        }
        if (isHeading(first) && USER_COLUMN.matcher(first).find()) {
            // user ids cannot be distinguished from note ids, and each costs a call
            throw failure("the first line \""
                    + shown(first)
                    + "\" names users, not notes; choose the column of notes with --column");
        }
        long number = 1;
        for (String line = first; line != null; line = others.readLine()) {
            accept(number++, line);
        }
    }

    private void readCsv(String first, Reader others, char separator, int index) throws IOException {
        Reader list = new SequenceReader(new StringReader(first + "\n"), others, new StringReader("\n" + END));
        try (CsvReader<CsvRecord> records = CsvReader.builder()
                .fieldSeparator(separator)
                .allowExtraFields(true)
                .allowMissingFields(true)
                .ofCsvRecord(list)) {
            boolean isFirst = true;
            for (CsvRecord row : records) {
                long line = row.getStartingLineNumber();
                String field = index < row.getFieldCount() ? row.getField(index) : "";
                String all = String.join(" ", row.getFields());
                boolean isHeading = isFirst && (!isNumber(column) || isHeading(field));
                isFirst = false;
                if (all.endsWith(END)) {
                    if (!all.equals(END)) {
                        throw failure("not well-formed CSV: a quote opened in line %d or below is not closed"
                                .formatted(line));
                    }
                } else if (field.isBlank() && !all.isBlank()) {
                    enqueued.reject(line, shown(all), "is empty in column " + (index + 1));
                } else if (!isHeading) {
                    accept(line, field);
                }
            }
        }
    }

    private static EnqueueException failure(String message) {
        return new EnqueueException(message + "; nothing was enqueued");
    }

    private void accept(long line, String text) {
        if (isIgnored(text)) {
            return;
        }
        Set<NoteId> notes = notes(text);
        Set<String> links = notes.isEmpty() ? shortLinks(text) : Set.of();
        if (notes.size() == 1) {
            enqueued.add(notes.iterator().next(), line);
        } else if (links.size() == 1) {
            acceptShortLink(line, links.iterator().next());
        } else if (notes.size() + links.size() > 1) {
            enqueued.reject(
                    line,
                    shown(text),
                    "names %d notes; write one per line, or name the column with --column"
                            .formatted(notes.size() + links.size()));
        } else {
            enqueued.reject(
                    line, shown(text), "contains neither a note id (24 hexadecimal digits) nor a link to a note");
        }
    }

    /** Adds the note that a short link redirects to, or rejects the link, which then can be enqueued again. */
    private void acceptShortLink(long line, String link) {
        String problem = "is a short link, and --offline was given";
        if (shortLinks != null) {
            try {
                Set<NoteId> notes = notes(LINK, shortLinks.apply(link));
                if (notes.size() == 1) {
                    enqueued.add(notes.iterator().next(), line);
                    return;
                }
                problem = "is a short link that does not redirect to a note";
            } catch (IOException e) {
                problem = "is a short link that was not resolved: " + e.getMessage() + "; enqueue it again later";
            }
        }
        enqueued.reject(line, shown(link), problem);
    }

    private static Set<String> shortLinks(String text) {
        return SHORT_LINK
                .matcher(text)
                .results()
                .map(link -> Objects.requireNonNullElse(link.group(1), "http://") + link.group(2))
                .collect(Collectors.toSet());
    }

    /** Returns whether a line is blank or a comment. */
    private static boolean isIgnored(String text) {
        return text.isBlank() || text.strip().startsWith("#");
    }

    /** Returns whether a first field or line is a heading, not a text that may have been meant as a note. */
    private static boolean isHeading(String text) {
        return !isIgnored(text) && !NOTE_LIKE.matcher(text).find();
    }

    private static boolean isNumber(@Nullable String column) {
        return column != null && column.matches("\\d{1,4}");
    }

    /** Returns the index of the column to read; empty if the list is text. */
    private Optional<Integer> columnOf(List<String> names) {
        String wanted = column;
        if (wanted == null) {
            List<String> plain = names.stream()
                    .map(name -> name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", ""))
                    .toList();
            return Stream.of(NOTE_COLUMNS, OTHER_COLUMNS)
                    .flatMap(known -> plain.stream().filter(known::contains))
                    .findFirst()
                    .map(plain::indexOf);
        }
        Optional<Integer> index = IntStream.range(0, names.size())
                .filter(i -> wanted.equalsIgnoreCase(isNumber(wanted) ? String.valueOf(i + 1) : names.get(i)))
                .boxed()
                .findFirst();
        return index.or(() -> {
            throw failure("there is no column \"%s\"; the first line names %s"
                    .formatted(wanted, shown(String.join(", ", names))));
        });
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

    /** Returns whether a text names a note, or has one short link. */
    public static boolean isNote(String text) {
        return !isIgnored(text) && (notes(text).size() == 1 || shortLinks(text).size() == 1);
    }

    /** Masks the share token of a link, which grants access to the note. */
    public static String withoutShareToken(String text) {
        return text.replaceAll("(?i)(xsec_token(?:=|%3d))[^&\\s\"',;]*", "$1***");
    }

    /** Returns the notes of the links of a line; of one without links, those of its ids. */
    private static Set<NoteId> notes(String line) {
        Set<NoteId> linked = notes(LINK, line);
        return linked.isEmpty() ? notes(ID, line) : linked;
    }

    private static Set<NoteId> notes(Pattern pattern, String line) {
        return pattern.matcher(line)
                .results()
                .map(match -> new NoteId(match.group(1).toLowerCase(Locale.ROOT)))
                .collect(Collectors.toSet());
    }

    /** Reader that fails for a binary file, and for a line that would exhaust memory. */
    private static final class TextReader extends FilterReader {

        private int length;

        TextReader(Reader in) {
            super(in);
        }

        @Override
        public int read(char[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
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
