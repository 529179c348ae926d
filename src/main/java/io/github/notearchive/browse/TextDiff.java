package io.github.notearchive.browse;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;

/** Difference of two texts: by words or, without blanks, by characters; of long texts, by lines or as a whole. */
final class TextDiff {

    /** Parts of one text times parts of the other that are compared: the cost of time and memory. */
    private static final long MOST_PAIRS = 4_000_000;

    private static final Pattern WORD = Pattern.compile("\\w+|\\X");
    private static final Pattern LINE = Pattern.compile("[^\n]*\n|[^\n]+");
    private static final Pattern WHOLE = Pattern.compile("(?s).+");

    private TextDiff() {}

    enum Change {
        SAME,
        REMOVED,
        ADDED
    }

    record Piece(Change change, String text) {}

    static List<Piece> of(@Nullable String before, @Nullable String after) {
        return Stream.of(WORD, LINE, WHOLE)
                .map(unit -> List.of(parts(unit, before), parts(unit, after)))
                .filter(texts ->
                        (long) texts.getFirst().size() * texts.getLast().size() <= MOST_PAIRS)
                .findFirst()
                .map(texts -> compare(texts.getFirst(), texts.getLast()))
                .orElseThrow();
    }

    /** Returns a difference with only some characters of unchanged text around each change. */
    static List<Piece> excerpt(List<Piece> pieces, int around) {
        List<Piece> shown = new ArrayList<>(pieces);
        for (int i = 0; i < shown.size(); i++) {
            String text = shown.get(i).text;
            if (shown.get(i).change == Change.SAME && text.length() > 2 * around + 1) {
                String head = i == 0 ? "" : text.substring(0, around);
                String tail = i == shown.size() - 1 ? "" : text.substring(text.length() - around);
                shown.set(i, new Piece(Change.SAME, head + " … " + tail));
            }
        }
        return shown;
    }

    private static List<String> parts(Pattern unit, @Nullable String text) {
        return unit.matcher(StringUtils.defaultString(text))
                .results()
                .map(MatchResult::group)
                .toList();
    }

    /** Keeps the longest common subsequence, its parts as early as possible. */
    private static List<Piece> compare(List<String> old, List<String> current) {
        int[][] common = new int[old.size() + 1][current.size() + 1];
        for (int i = 1; i <= old.size(); i++) {
            for (int j = 1; j <= current.size(); j++) {
                boolean isSame = old.get(i - 1).equals(current.get(j - 1));
                common[i][j] = isSame ? common[i - 1][j - 1] + 1 : Math.max(common[i - 1][j], common[i][j - 1]);
            }
        }
        List<Piece> backwards = new ArrayList<>();
        int i = old.size();
        int j = current.size();
        while (i > 0 || j > 0) {
            int end = j;
            while (j > 0 && common[i][j - 1] == common[i][j]) {
                j--;
            }
            add(backwards, Change.ADDED, current.subList(j, end));
            end = i;
            while (i > 0 && common[i - 1][j] == common[i][j]) {
                i--;
            }
            add(backwards, Change.REMOVED, old.subList(i, end));
            end = i;
            while (i > 0 && j > 0 && common[i][j] > Math.max(common[i - 1][j], common[i][j - 1])) {
                i--;
                j--;
            }
            add(backwards, Change.SAME, old.subList(i, end));
        }
        return backwards.reversed();
    }

    private static void add(List<Piece> pieces, Change change, List<String> parts) {
        if (!parts.isEmpty()) {
            pieces.add(new Piece(change, String.join("", parts)));
        }
    }
}
