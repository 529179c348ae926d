package io.github.notearchive.cli;

import gg.jte.Content;
import gg.jte.TemplateOutput;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.TerminalText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Text table: rows below headings, each column as wide as its widest cell. A cell is one line of limited width, or a
 * count.
 */
public final class TextTable implements Content {

    private static final int WIDEST = 80;

    private final List<List<String>> rows = new ArrayList<>();
    private @Nullable String ifEmpty;

    private TextTable() {}

    /**
     * Creates the table of a collection.
     *
     * @param headings separated by a comma and a blank
     */
    public static <T> TextTable table(
            String headings, Collection<? extends T> rows, Function<? super T, @Nullable Object[]> cells) {
        TextTable table = new TextTable();
        table.rows.add(List.of(headings.split(", ", -1)));
        rows.forEach(row -> table.rows.add(Stream.of(cells.apply(row))
                .map(cell -> cell instanceof Long || cell instanceof Integer
                        ? DisplayFormat.count(((Number) cell).longValue())
                        : TerminalText.excerpt(cell, WIDEST))
                .toList()));
        return table;
    }

    static @Nullable Object[] cells(@Nullable Object... cells) {
        return cells;
    }

    /** Sets the text that replaces a table without rows. */
    TextTable orElse(String text) {
        ifEmpty = text;
        return this;
    }

    /** Returns the width of a text in columns of a terminal; ideographs and full-width forms take two. */
    private static int width(String text) {
        return text.codePoints().map(c -> isWide(c) ? 2 : 1).sum();
    }

    private static boolean isWide(int c) {
        return Character.isIdeographic(c) || (c >= 0x3000 && c <= 0x30FF) || (c >= 0xFF01 && c <= 0xFF60);
    }

    private boolean isEmpty() {
        return rows.size() == 1 && ifEmpty != null;
    }

    @Override
    public void writeTo(TemplateOutput output) {
        String margin = isEmpty() ? "|" : "#";
        output.writeContent(margin + toString().replaceAll("\n(?=.)", "\n|"));
    }

    @Override
    public String toString() {
        if (isEmpty()) {
            return "  " + ifEmpty + "\n";
        }
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row.get(i)));
            }
        }
        StringBuilder out = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("  ");
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(" ", widths[i] - width(row.get(i)) + 2);
            }
            out.append(line.toString().stripTrailing()).append('\n');
        }
        return out.toString();
    }
}
