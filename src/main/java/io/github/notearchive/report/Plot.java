package io.github.notearchive.report;

import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * A plot of bars without a script: inline SVG paths that fill the width of the page, with labels as text of a fixed
 * size and a description for readers who do not see it.
 *
 * @param title what the plot shows
 * @param description the same in one or two sentences
 * @param values from left to right
 * @param top value at the upper edge, at least 1
 * @param format formats a value of the axis
 * @param times labels below the plot, from left to right
 * @param events horizontal positions of dashed lines, as shares of the width
 */
record Plot(
        String title,
        String description,
        List<Long> values,
        long top,
        LongFunction<String> format,
        List<String> times,
        List<Double> events) {

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 200;

    /** Creates a plot whose axis ends at a round number. */
    Plot(String title, String description, List<Long> values, LongFunction<String> format, List<String> times) {
        this(title, description, values, roundAbove(max(values)), format, times, List.of());
    }

    static long max(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** Returns the smallest round number that is at least {@code most}. Its half, the axis label, is an integer too. */
    static long roundAbove(long most) {
        long unit = (long) Math.pow(10, (int) Math.log10((double) Math.max(1, most)));
        return LongStream.of(1, 2, 3, 4, 5, 6, 8, 10)
                .map(factor -> factor * unit)
                .filter(round -> round >= most && round % 2 == 0)
                .findFirst()
                .orElseThrow();
    }

    String label(long value) {
        return format.apply(value);
    }

    /** Returns the SVG path of the bars. A value other than 0 is visible. */
    String bars() {
        double step = (double) WIDTH / values.size();
        double gap = Math.min(step * 0.2, 12);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            double share = (double) values.get(i) / top;
            if (share > 0) {
                double height = Math.max(2, Math.min(1, share) * HEIGHT);
                path.append("M%s 200v%sh%sv%sz"
                        .formatted(number(i * step + gap / 2), number(-height), number(step - gap), number(height)));
            }
        }
        return path.toString();
    }

    /** Returns the SVG paths of the dashed lines. */
    List<String> marks() {
        return events.stream()
                .map(share -> "M" + number(share * WIDTH) + " 0V200")
                .toList();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
