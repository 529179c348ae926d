package io.github.notearchive.report;

import io.github.notearchive.archive.query.Survival;
import io.github.notearchive.archive.query.Survival.SurvivalEstimate;
import io.github.notearchive.io.text.DisplayFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A chart without a script: paths of inline SVG that fill the width of the page, with labels as text of a fixed size
 * and a description for readers who do not see it.
 *
 * @param series series with the same number of values
 * @param labels texts below the chart, from its left to its right edge
 */
public record Chart(
        Shape shape,
        String title,
        String description,
        List<Series> series,
        List<String> labels,
        LongFunction<String> format) {

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 200;

    /** Colours of the style sheet, and so the most series of a chart. */
    static final int COLOURS = 6;

    /** A share of 1. */
    private static final long FULL = 1_000_000_000;

    /**
     * Stacked columns; lines; steps; or one stacked bar of the first values. The names are classes of the style sheet.
     */
    public enum Shape {
        columns,
        lines,
        steps,
        row;

        boolean isStacked() {
            return this == columns || this == row;
        }
    }

    record Bounds(long low, long high) {}

    /**
     * A part of each column, or a line.
     *
     * @param colour number of a colour of the style sheet, 0 to 5
     * @param values not negative; null: unknown, a gap of the line
     * @param bounds intervals of the values, which are a band; empty for none
     */
    public record Series(String label, int colour, List<@Nullable Long> values, List<@Nullable Bounds> bounds) {

        Series(String label, int colour, List<@Nullable Long> values) {
            this(label, colour, values, List.of());
        }

        private Series in(int other) {
            return new Series(label, other, values, bounds);
        }

        long sum() {
            return values.stream()
                    .filter(Objects::nonNull)
                    .mapToLong(Long::longValue)
                    .sum();
        }

        private long at(int position) {
            Long value = values.get(position);
            return value == null ? 0 : value;
        }
    }

    /** Returns the series in the colours from a given one. */
    static List<Series> coloured(List<Series> series, int first) {
        return IntStream.range(0, series.size())
                .mapToObj(i -> series.get(i).in((first + i) % COLOURS))
                .toList();
    }

    /** Shares that are still available by days, without unknown ones. */
    public record Shares(String label, Map<Integer, SurvivalEstimate> byDays) {}

    /** Returns the first curves that begin with a share, as many as there are colours; empty if none does. */
    public static Optional<Chart> survival(Texts texts, List<Shares> all) {
        List<Shares> curves = all.stream()
                .filter(curve -> curve.byDays.containsKey(Survival.DAYS.getFirst()))
                .limit(COLOURS)
                .toList();
        double least = curves.stream()
                .flatMap(curve -> curve.byDays.values().stream())
                .mapToDouble(SurvivalEstimate::low)
                .min()
                .orElse(1);
        // the part of the axis above has a round half
        long bottom = LongStream.of(9, 8, 5)
                .map(tenths -> tenths * FULL / 10)
                .filter(share -> share <= least * FULL)
                .findFirst()
                .orElse(0);
        List<Series> series = new ArrayList<>();
        for (Shares curve : curves) {
            List<@Nullable Long> values = new ArrayList<>(List.of(FULL - bottom));
            List<@Nullable Bounds> bounds = new ArrayList<>();
            bounds.add(null);
            for (int days : Survival.DAYS) {
                SurvivalEstimate share = curve.byDays.get(days);
                values.add(share == null ? null : Math.round(share.share() * FULL) - bottom);
                bounds.add(
                        share == null
                                ? null
                                : new Bounds(
                                        Math.round(share.low() * FULL) - bottom,
                                        Math.round(share.high() * FULL) - bottom));
            }
            series.add(new Series(curve.label, 0, values, bounds));
        }
        List<String> labels = Stream.concat(Stream.of(0), Survival.DAYS.stream())
                .map(days -> {
                    SurvivalEstimate share =
                            curves.size() == 1 ? curves.getFirst().byDays.get(days) : null;
                    return texts.text("survival.days", days)
                            + (share == null ? "" : " (" + DisplayFormat.count(share.atRisk()) + ")");
                })
                .toList();
        Chart chart = new Chart(
                Shape.steps,
                texts.text("survival.title"),
                texts.text("survival.what"),
                coloured(series, 0),
                labels,
                share -> DisplayFormat.percent((double) (bottom + share) / FULL).replace(".0", ""));
        return series.isEmpty() ? Optional.empty() : Optional.of(chart);
    }

    /** A point of a line, from 0 to 1 of the width and the height. */
    public record ChartPoint(double x, double y) {}

    /** Returns the labels of the series as one text, with the values of lines that have a label at each point. */
    String legend() {
        return series.stream()
                .map(each -> (each.label + " " + total(each) + values(each)).strip())
                .collect(Collectors.joining(", "));
    }

    /** Returns the sum of a series; empty for a line, whose values do not add up. */
    String total(Series of) {
        return shape.isStacked() ? format.apply(of.sum()) : "";
    }

    private String values(Series line) {
        return shape.isStacked() || labels.size() != size()
                ? ""
                : IntStream.range(0, size())
                        .filter(i -> line.values.get(i) != null)
                        .mapToObj(i -> labels.get(i) + ": " + format.apply(line.at(i)))
                        .collect(Collectors.joining("; "));
    }

    private int size() {
        return series.stream().mapToInt(each -> each.values.size()).max().orElse(0);
    }

    /** Returns the sum of the first series at a position. */
    private long below(int number, int position) {
        return series.stream()
                .limit(number)
                .mapToLong(each -> each.at(position))
                .sum();
    }

    /** Returns the largest value, or the largest sum of stacked ones. */
    long most() {
        return IntStream.range(0, size())
                .mapToLong(i -> shape.isStacked()
                        ? below(series.size(), i)
                        : series.stream().mapToLong(each -> each.at(i)).max().orElse(0))
                .max()
                .orElse(0);
    }

    /** Returns the value at the upper edge. */
    long top() {
        return roundAbove(most());
    }

    /** Returns the smallest round number that is at least {@code most} and has an integer half, the axis label. */
    static long roundAbove(long most) {
        long unit = (long) Math.pow(10, (int) Math.log10((double) Math.max(1, most)));
        return LongStream.of(1, 2, 3, 4, 5, 6, 8, 10)
                .map(factor -> factor * unit)
                .filter(round -> round >= most && round % 2 == 0)
                .findFirst()
                .orElseThrow();
    }

    String path(int number) {
        Series drawn = series.get(number);
        if (shape == Shape.lines) {
            List<@Nullable ChartPoint> points = new ArrayList<>();
            for (int i = 0; i < size(); i++) {
                Long value = drawn.values.get(i);
                points.add(
                        value == null
                                ? null
                                : new ChartPoint((double) i / Math.max(1, size() - 1), (double) value / top()));
            }
            return line(HEIGHT, points);
        }
        if (shape == Shape.row) {
            double all = Math.max(1, below(series.size(), 0));
            return bar(WIDTH * below(number, 0) / all, HEIGHT, WIDTH * drawn.at(0) / all, HEIGHT);
        }
        double step = (double) WIDTH / size();
        if (shape == Shape.steps) {
            return steps(drawn.values, step);
        }
        double gap = Math.min(step * 0.2, 12);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < size(); i++) {
            if (drawn.at(i) > 0) {
                double height = Math.max(2, (double) HEIGHT * drawn.at(i) / top());
                double bottom = HEIGHT - (double) HEIGHT * below(number, i) / top();
                path.append(bar(i * step + gap / 2, bottom, step - gap, height));
            }
        }
        return path.toString();
    }

    /** Returns a horizontal line for each value, joined with that of the value before. */
    private String steps(List<@Nullable Long> values, double step) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            Long value = values.get(i);
            if (value != null) {
                String height = number(HEIGHT - (double) HEIGHT * value / top());
                boolean isJoined = i > 0 && values.get(i - 1) != null;
                path.append(isJoined ? "V" + height : "M" + number(i * step) + " " + height)
                        .append("H")
                        .append(number((i + 1) * step));
            }
        }
        return path.toString();
    }

    /** Returns the path of the band of a series; empty if it has none. */
    String band(int number) {
        List<@Nullable Bounds> bounds = series.get(number).bounds;
        double step = (double) WIDTH / size();
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < bounds.size(); i++) {
            Bounds of = bounds.get(i);
            if (of != null) {
                double unit = (double) HEIGHT / top();
                path.append(bar(i * step, HEIGHT - unit * of.low, step, unit * (of.high - of.low)));
            }
        }
        return path.toString();
    }

    private static String bar(double left, double bottom, double width, double height) {
        return "M%s %sv%sh%sv%sz"
                .formatted(number(left), number(bottom), number(-height), number(width), number(height));
    }

    /** Returns the path of a line in a box of 1,000 by {@code height}, with a gap at each null. */
    public static String line(int height, List<? extends @Nullable ChartPoint> points) {
        StringBuilder path = new StringBuilder();
        ChartPoint before = null;
        for (ChartPoint point : points) {
            if (point != null) {
                // a lone point is a dot
                path.append((before == null ? "M%1$s %2$sL%1$s %2$s" : "L%s %s")
                        .formatted(number(WIDTH * point.x), number(height - height * point.y)));
            }
            before = point;
        }
        return path.toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
