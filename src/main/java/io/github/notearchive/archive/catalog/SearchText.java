package io.github.notearchive.archive.catalog;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.function.Uncheck;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;

/**
 * Text as the search compares it, in {@code note.search}: NFKC, ASCII letters in lower case, traditional Chinese
 * characters as simplified ones, each space a plain one, nothing invisible. The SQL function {@code search_text} does
 * the same to the words of a search.
 */
final class SearchText {

    /** The app allows 1,000 characters; a response may contain millions, which would take too long to index. */
    private static final int LONGEST = 10_000;

    private static final Pattern MARKUP = Pattern.compile("</?[\\w:][^<>]*>|\\{\\\\[^{}]*}");

    static final String SEPARATOR = "\n\u001f\n";

    /** Simplified character of each character; 0 if the search ignores it. */
    private static final char[] FOLDED = folded();

    private SearchText() {}

    /**
     * Returns the searched text of several texts; null if all are absent. A line with a unit separator (U+001F) is
     * between them, so that no phrase contains the end of one and the begin of the next.
     */
    static @Nullable String of(@Nullable String... texts) {
        String text = Stream.of(texts).filter(StringUtils::isNotEmpty).collect(Collectors.joining(SEPARATOR));
        char[] chars = Normalizer.normalize(cut(text), Normalizer.Form.NFKC).toCharArray();
        int length = 0;
        for (char c : chars) {
            char folded = FOLDED[c];
            if (folded != 0) {
                chars[length++] = folded;
            }
        }
        return length == 0 ? null : new String(chars, 0, length);
    }

    /** Returns the searched text of an SRT or VTT file: the text lines of its cues. */
    static @Nullable String ofSubtitle(byte[] file) {
        StringBuilder words = new StringBuilder();
        boolean isCue = false;
        Iterator<String> lines =
                new String(file, StandardCharsets.UTF_8).lines().iterator();
        while (lines.hasNext() && words.length() < 2 * LONGEST) {
            String line = lines.next();
            if (line.isBlank()) {
                isCue = false;
            } else if (line.contains("-->")) {
                isCue = true;
            } else if (isCue) {
                words.append(MARKUP.matcher(line).replaceAll("")).append('\n');
            }
        }
        return of(words.toString().strip());
    }

    static String cut(String text) {
        return text.codePointCount(0, text.length()) <= LONGEST
                ? text
                : text.substring(0, text.offsetByCodePoints(0, LONGEST));
    }

    private static char[] folded() {
        char[] folded = new char[Character.MAX_VALUE + 1];
        for (int c = 1; c < folded.length; c++) {
            folded[c] = (char) (c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
        }
        "\u0085\u1680\u2028\u2029".chars().forEach(c -> folded[c] = ' ');
        "\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff".chars().forEach(c -> folded[c] = 0);
        List<String> lines = Uncheck.get(() -> IOUtils.resourceToString(
                        "/io/github/notearchive/archive/catalog/simplified.txt", StandardCharsets.UTF_8))
                .lines()
                .toList();
        for (int i = 0; i < lines.get(1).length(); i++) {
            folded[lines.get(1).charAt(i)] = lines.get(2).charAt(i);
        }
        return folded;
    }
}
