package io.github.notearchive.browse;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;

/** Difference of two texts: by lines, and within changed lines by words or, without blanks, by characters. */
final class TextDiff {

    /** Longer texts are compared by lines only. */
    private static final int DETAILED_LENGTH = 10_000;

    /** Parts of one text times parts of the other that are compared; more are replaced as a whole. */
    private static final int MAX_CELLS = 4_000_000;

    private static final Pattern LINE = Pattern.compile("[^\n]*\n|[^\n]+");
    private static final Pattern WORD = Pattern.compile("\\w+|\\X");

    private TextDiff() {}

    enum Change {
        SAME,
        REMOVED,
        ADDED
    }

    record Piece(Change change, String text) {

        boolean isRemoved() {
            return change == Change.REMOVED;
        }

        boolean isAdded() {
            return change == Change.ADDED;
        }
    }

    static List<Piece> of(@Nullable String before, @Nullable String after) {
        String old = StringUtils.defaultString(before);
        String current = StringUtils.defaultString(after);
        List<Piece> lines = compare(parts(LINE, old), parts(LINE, current));
        if (Math.max(old.length(), current.length()) > DETAILED_LENGTH) {
            return lines;
        }
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Piece line = lines.get(i);
            if (line.change == Change.REMOVED && i + 1 < lines.size() && lines.get(i + 1).change == Change.ADDED) {
                pieces.addAll(compare(parts(WORD, line.text), parts(WORD, lines.get(++i).text)));
            } else {
                pieces.add(line);
            }
        }
        return pieces;
    }

    /** Returns a difference with only some characters of unchanged text around each change. */
    static List<Piece> excerpt(List<Piece> pieces, int around) {
        List<Piece> shown = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            String text = piece.text;
            if (piece.change == Change.SAME && text.length() > 2 * around + 1) {
                String head = i == 0 ? "" : text.substring(0, around);
                String tail = i == pieces.size() - 1 ? "" : text.substring(text.length() - around);
                text = head + " … " + tail;
            }
            shown.add(new Piece(piece.change, text));
        }
        return shown;
    }

    private static List<String> parts(Pattern part, String text) {
        return part.matcher(text).results().map(MatchResult::group).toList();
    }

    /** Compares by the longest common subsequence, between the common beginning and the common end. */
    private static List<Piece> compare(List<String> old, List<String> current) {
        int start = 0;
        int ends = 0;
        int shorter = Math.min(old.size(), current.size());
        while (start < shorter && old.get(start).equals(current.get(start))) {
            start++;
        }
        while (ends < shorter - start
                && old.reversed().get(ends).equals(current.reversed().get(ends))) {
            ends++;
        }
        List<Piece> pieces = new ArrayList<>();
        add(pieces, Change.SAME, old.subList(0, start));
        walk(pieces, old.subList(start, old.size() - ends), current.subList(start, current.size() - ends));
        add(pieces, Change.SAME, old.subList(old.size() - ends, old.size()));
        return pieces;
    }

    private static void walk(List<Piece> pieces, List<String> old, List<String> current) {
        int i = 0;
        int j = 0;
        if ((long) old.size() * current.size() <= MAX_CELLS) {
            int[][] lengths = lengths(old, current);
            while (i < old.size() && j < current.size()) {
                boolean isSame = old.get(i).equals(current.get(j));
                Change change =
                        isSame ? Change.SAME : lengths[i + 1][j] >= lengths[i][j + 1] ? Change.REMOVED : Change.ADDED;
                add(pieces, change, List.of(change == Change.ADDED ? current.get(j) : old.get(i)));
                i += change == Change.ADDED ? 0 : 1;
                j += change == Change.REMOVED ? 0 : 1;
            }
        }
        add(pieces, Change.REMOVED, old.subList(i, old.size()));
        add(pieces, Change.ADDED, current.subList(j, current.size()));
    }

    /** Returns the length of the longest common subsequence from each pair of positions to the ends. */
    private static int[][] lengths(List<String> old, List<String> current) {
        int[][] lengths = new int[old.size() + 1][current.size() + 1];
        for (int i = old.size() - 1; i >= 0; i--) {
            for (int j = current.size() - 1; j >= 0; j--) {
                lengths[i][j] = old.get(i).equals(current.get(j))
                        ? lengths[i + 1][j + 1] + 1
                        : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
            }
        }
        return lengths;
    }

    /** Adds text to the last piece if that has the same change. */
    private static void add(List<Piece> pieces, Change change, List<String> parts) {
        String text = String.join("", parts);
        if (!pieces.isEmpty() && pieces.getLast().change == change) {
            pieces.addLast(new Piece(change, pieces.removeLast().text + text));
        } else if (!text.isEmpty()) {
            pieces.add(new Piece(change, text));
        }
    }
}
