package io.github.notearchive.browse;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The words of a search in a text, for display. They are compared as the search does it, except that a traditional
 * character is not found by its simplified one.
 */
record FoundWords(List<String> words) {

    static final FoundWords NONE = new FoundWords(List.of());

    /** Characters of a text before and after the first word. */
    private static final int AROUND = 40;

    FoundWords(List<String> words) {
        this.words = words.stream()
                .flatMap(word -> Stream.of(plain(word).strip().split("\\s+")))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** Part of a text, which is a word of the search or not. */
    record Part(String text, boolean isFound) {}

    /** Returns the parts of a text; one part if it has no such word. */
    List<Part> in(String text) {
        BitSet found = found(text);
        List<Part> parts = new ArrayList<>();
        for (int begin = 0; begin < text.length(); ) {
            int end = found.get(begin) ? found.nextClearBit(begin) : found.nextSetBit(begin);
            end = end < 0 ? text.length() : Math.min(end, text.length());
            parts.add(new Part(text.substring(begin, end), found.get(begin)));
            begin = end;
        }
        return parts;
    }

    /** Returns the parts of a text around its first word; empty if it has none. */
    List<Part> excerpt(String text) {
        int first = found(text).nextSetBit(0);
        if (first < 0) {
            return List.of();
        }
        int before = text.codePointCount(0, first);
        int begin = text.offsetByCodePoints(0, Math.max(0, before - AROUND / 4));
        int after = text.codePointCount(first, text.length());
        int end = text.offsetByCodePoints(first, Math.min(after, AROUND * 2));
        String shown = text.substring(begin, end).replaceAll("\\s+", " ");
        return in((begin > 0 ? "…" : "") + shown + (end < text.length() ? "…" : ""));
    }

    /** Returns the characters of a text that belong to a word. */
    private BitSet found(String text) {
        StringBuilder plain = new StringBuilder();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            String character = plain(text.substring(i, text.offsetByCodePoints(i, 1)));
            plain.append(character);
            for (int j = 0; j < character.length(); j++) {
                places.add(i);
            }
        }
        places.add(text.length());
        BitSet found = new BitSet();
        for (String word : words) {
            for (int at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length())) {
                found.set(places.get(at), places.get(at + word.length()));
            }
        }
        return found;
    }

    /** Returns a text with plain forms of its characters, and ASCII letters in lower case. */
    private static String plain(String text) {
        return Normalizer.normalize(text, Form.NFKC).toLowerCase(Locale.ROOT);
    }
}
