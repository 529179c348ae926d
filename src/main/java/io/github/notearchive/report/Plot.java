package io.github.notearchive.report;

import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;

/**
 * A plot without a script: inline SVG paths that fill the width of the page, with labels as text of a fixed size and a
 * description for readers who do not see it.
 *
 * @param title what the plot shows
 * @param description the same in one or two sentences
 * @param shape how the values are drawn
 * @param values from left to right
 * @param top value at the upper edge, at least 1
 * @param format formats a value of the axis
 * @param times labels below the plot, from left to right
 * @param events horizontal positions of dashed lines, as shares of the width
 */
record Plot(
        String title,
        String description,
        Shape shape,
        List<Long> values,
        long top,
        LongFunction<String> format,
        List<String> times,
        List<Double> events) {

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 200;

    /** How values are drawn. */
    enum Shape {
        /** One bar each, such as an amount per time. */
        BARS,
        /** A level that stays until the next value. */
        STEPS
    }

    /** Creates a plot of bars whose axis ends at a round number. */
    static Plot bars(
            String title, String description, List<Long> values, LongFunction<String> format, List<String> times) {
        return new Plot(title, description, Shape.BARS, values, roundAbove(max(values)), format, times, List.of());
    }

    static long max(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** Returns the smallest round number that is at least {@code most}. Its half, the axis label, is an integer too. */
    static long roundAbove(long most) {
        long unit = 1;
        while (unit <= most / 10) {
            unit *= 10;
        }
        for (long factor : unit == 1 ? List.of(2L, 4L, 6L, 8L) : List.of(1L, 2L, 3L, 4L, 5L, 6L, 8L)) {
            if (factor * unit >= most) {
                return factor * unit;
            }
        }
        return unit <= Long.MAX_VALUE / 10 ? 10 * unit : Long.MAX_VALUE;
    }

    String label(long value) {
        return format.apply(value);
    }

    /** Returns the SVG path of the bars. */
    String bars() {
        double step = (double) WIDTH / values.size();
        double gap = Math.min(step * 0.2, 12);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            double height = height(values.get(i));
            if (height > 0) {
                path.append("M%s 200v%sh%sv%sz"
                        .formatted(number(i * step + gap / 2), number(-height), number(step - gap), number(height)));
            }
        }
        return path.toString();
    }

    /** Returns the SVG path of the line. */
    String steps() {
        double step = (double) WIDTH / values.size();
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            String y = number(HEIGHT - height(values.get(i)));
            line.append(i == 0 ? "M0 " : "V").append(y).append('H').append(number((i + 1) * step));
        }
        return line.toString();
    }

    /** Returns the SVG paths of the dashed lines. */
    List<String> marks() {
        return events.stream()
                .map(share -> "M" + number(share * WIDTH) + " 0V200")
                .toList();
    }

    /** Returns a height that is visible unless the value is 0. */
    private double height(long value) {
        return value <= 0 ? 0 : Math.max(2, Math.min(1.0, (double) value / top) * HEIGHT);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
