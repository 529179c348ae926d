package io.github.notearchive.report;

import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * A plot of bars without a script: inline SVG paths that fill the width of the page, with labels as text of a fixed
 * size and a description for readers who do not see it.
 */
record Plot(String title, String description, List<Long> values, LongFunction<String> format, List<String> times) {

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 200;

    /** Returns the value at the upper edge. */
    long top() {
        return roundAbove(max(values));
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

    String bars() {
        double step = (double) WIDTH / values.size();
        double gap = Math.min(step * 0.2, 12);
        double top = top();
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) > 0) {
                double height = Math.max(2, values.get(i) / top * HEIGHT);
                path.append("M%s 200v%sh%sv%sz"
                        .formatted(number(i * step + gap / 2), number(-height), number(step - gap), number(height)));
            }
        }
        return path.toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
