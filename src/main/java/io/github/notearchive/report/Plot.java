package io.github.notearchive.report;

import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;

/**
 * A plot without a script: shapes as inline SVG that fill whatever width there is, the words around them as text that
 * keeps its size. Whoever does not see it gets the same in words.
 *
 * @param title what it shows
 * @param inWords the same as a sentence or two
 * @param shape how the numbers are drawn
 * @param values from left to right
 * @param top the number at the upper edge, 1 at least
 * @param label how a number is written at the axis
 * @param below what stands below, from left to right
 * @param marks where something happened, as shares of the width
 */
record Plot(
        String title,
        String inWords,
        Shape shape,
        List<Long> values,
        long top,
        LongFunction<String> label,
        List<String> below,
        List<Double> marks) {

    private static final int WIDTH = 1000;
    private static final int HEIGHT = 200;

    /** How the numbers are drawn. */
    enum Shape {
        /** Each for itself, such as what was done in a part of the night. */
        BARS,
        /** A level that stays until the next one. */
        STEPS
    }

    /** A round number that is not less. */
    static long roundAbove(long most) {
        long unit = 1;
        while (unit <= most / 10) {
            unit *= 10;
        }
        // the half of it stands at the axis, too
        for (long factor : unit == 1 ? List.of(2L, 4L, 6L, 8L) : List.of(1L, 2L, 3L, 4L, 5L, 6L, 8L)) {
            if (factor * unit >= most) {
                return factor * unit;
            }
        }
        return unit <= Long.MAX_VALUE / 10 ? 10 * unit : Long.MAX_VALUE;
    }

    void draw(Html html) {
        html.raw("<figure class=\"plot\">\n<figcaption>").text(title).raw("</figcaption>\n");
        html.raw("<div class=\"axes\">\n<div class=\"y\" aria-hidden=\"true\"><span>")
                .text(label.apply(top))
                .raw("</span><span>")
                .text(label.apply(top / 2))
                .raw("</span><span>")
                .text(label.apply(0))
                .raw("</span></div>\n");
        html.raw("<svg viewBox=\"0 0 1000 200\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
                .text(title + ". " + inWords)
                .raw("\">\n");
        html.raw("<path class=\"grid\" d=\"M0 0H1000M0 100H1000M0 200H1000\"/>\n");
        if (!values.isEmpty()) {
            html.raw(shape == Shape.BARS ? bars() : steps());
        }
        for (double mark : marks) {
            html.raw("<path class=\"mark\" d=\"M" + number(mark * WIDTH) + " 0V200\"/>\n");
        }
        html.raw("</svg>\n<div class=\"x\" aria-hidden=\"true\">");
        below.forEach(word -> html.raw("<span>").text(word).raw("</span>"));
        html.raw("</div>\n</div>\n<p class=\"soft\">").text(inWords).raw("</p>\n</figure>\n");
    }

    private String bars() {
        double step = (double) WIDTH / values.size();
        double gap = Math.min(step * 0.2, 12);
        StringBuilder path = new StringBuilder("<path class=\"bars\" d=\"");
        for (int i = 0; i < values.size(); i++) {
            double height = height(values.get(i));
            if (height > 0) {
                path.append('M')
                        .append(number(i * step + gap / 2))
                        .append(" 200v")
                        .append(number(-height))
                        .append('h')
                        .append(number(step - gap))
                        .append('v')
                        .append(number(height))
                        .append('z');
            }
        }
        return path.append("\"/>\n").toString();
    }

    private String steps() {
        double step = (double) WIDTH / values.size();
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            String y = number(HEIGHT - height(values.get(i)));
            line.append(i == 0 ? "M0 " + y : "V" + y).append('H').append(number((i + 1) * step));
        }
        return "<path class=\"area\" d=\"" + line + "V200H0z\"/>\n<path class=\"line\" d=\"" + line + "\"/>\n";
    }

    /** Of what is not nothing at least so much that it is seen. */
    private double height(long value) {
        return value <= 0 ? 0 : Math.max(2, Math.min(1.0, (double) value / top) * HEIGHT);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }
}
