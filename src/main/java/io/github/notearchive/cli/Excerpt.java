package io.github.notearchive.cli;

import io.github.notearchive.io.TerminalText;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Excerpt of a text around the first of some words.
 *
 * <p>Compares texts as {@code search_text} does in the database. Without a match, for example if the title matched, it
 * is the beginning of the text.
 */
final class Excerpt {

    private static final int BEFORE = 10;
    private static final int LENGTH = 40;

    private Excerpt() {}

    /**
     * Returns the excerpt in one line.
     *
     * @param words words, separated by white space
     */
    static String of(String text, String words) {
        String line = TerminalText.line(text);
        int[] characters = line.codePoints().toArray();
        List<Integer> sources = new ArrayList<>();
        StringBuilder compared = new StringBuilder();
        for (int i = 0; i < characters.length; i++) {
            String folded = fold(Character.toString(characters[i]));
            compared.append(folded);
            sources.addAll(Collections.nCopies(folded.length(), i));
        }
        int first = characters.length;
        for (String word : fold(TerminalText.line(words)).split(" +", -1)) {
            int at = compared.indexOf(word);
            if (at >= 0 && !word.isEmpty()) {
                first = Math.min(first, sources.get(at));
            }
        }
        int from = first == characters.length ? 0 : Math.max(0, first - BEFORE);
        int to = Math.min(characters.length, from + LENGTH);
        return (from == 0 ? "" : "…") + new String(characters, from, to - from) + (to == characters.length ? "" : "…");
    }

    private static String fold(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFKC);
        StringBuilder folded = new StringBuilder();
        plain.codePoints()
                .filter(c -> !isInvisible(c))
                .map(c -> c < 0x80 ? Character.toLowerCase(c) : c)
                .forEach(folded::appendCodePoint);
        return folded.toString();
    }

    /** Returns whether the search ignores a character. */
    static boolean isInvisible(int c) {
        return c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFE0E || c == 0xFE0F || c == 0xFEFF;
    }
}
