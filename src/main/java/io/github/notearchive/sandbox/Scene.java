package io.github.notearchive.sandbox;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.util.random.RandomGenerator;

/**
 * Drawing of a landscape, a plate, a book or a card, with the id of its file in a corner. Shapes and colours follow
 * from the generator. Coordinates are shares of width and height, so that all sizes show the same. Uses no font, which
 * a machine without desktop may not have.
 */
final class Scene {

    /** Sky, haze, ground and accent. */
    private static final int[][] PALETTES = {
        {0x2b4c7e, 0xf2c6a0, 0x31493c, 0xf6e7cb},
        {0x8fb8de, 0xfdf1dc, 0x6a8d73, 0xe4664b},
        {0xf4a261, 0xffe8d6, 0x6b705c, 0xcb4154},
        {0x1d3557, 0xa8dadc, 0x457b9d, 0xf1faee},
        {0xe9c46a, 0xfdf6e3, 0x588157, 0xbc4749},
        {0x6d597a, 0xeaac8b, 0x355070, 0xffd6a5},
        {0xb8c0ff, 0xfff1e6, 0x7f9172, 0xe07a5f},
        {0x264653, 0xe0e1dd, 0x2a9d8f, 0xf4d35e},
        {0xd8e2dc, 0xffe5d9, 0x9d8189, 0xf4acb7},
        {0x3d405b, 0xf4f1de, 0x81b29a, 0xe07a5f}
    };

    /** Hexadecimal digits of three by five points, a bit a point, the first one highest. */
    private static final int[] DIGITS = {
        0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111,
        0b101101111001001, 0b111100111001111, 0b111100111101111, 0b111001010010010,
        0b111101111101111, 0b111101111001111, 0b111101111101101, 0b110101110101110,
        0b111100100100111, 0b110101101101110, 0b111100111100111, 0b111100111100100
    };

    private static final int LAYERS_OF_HILLS = 3;

    private final RandomGenerator random;
    private final int width;
    private final int height;
    private final Graphics2D canvas;
    private final int[] palette;

    private Scene(RandomGenerator random, BufferedImage image) {
        this.random = random;
        this.width = image.getWidth();
        this.height = image.getHeight();
        this.canvas = image.createGraphics();
        this.palette = PALETTES[random.nextInt(PALETTES.length)];
        canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    }

    /** @param id of which the hexadecimal digits are shown */
    static BufferedImage draw(RandomGenerator random, int width, int height, String id) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Scene scene = new Scene(random, image);
        switch (random.nextInt(4)) {
            case 0 -> scene.plate();
            case 1 -> scene.book();
            case 2 -> scene.card();
            default -> scene.landscape();
        }
        scene.label(id.replaceAll("[^0-9a-f]", ""));
        scene.canvas.dispose();
        return image;
    }

    private void landscape() {
        background(color(0), color(1));
        double sun = between(0.08, 0.16);
        canvas.setColor(translucent(color(3), 210));
        circle(between(0.2, 0.8), between(0.15, 0.4), sun);
        for (int layer = 0; layer < LAYERS_OF_HILLS; layer++) {
            double depth = (layer + 1.0) / LAYERS_OF_HILLS;
            canvas.setColor(mix(color(1), color(2), depth));
            hills(0.45 + 0.16 * layer, between(0.03, 0.09), between(1, 3), between(0, 6));
        }
    }

    private void hills(double horizon, double amplitude, double waves, double phase) {
        int steps = 60;
        Path2D path = new Path2D.Double();
        path.moveTo(0, height);
        for (int i = 0; i <= steps; i++) {
            double x = (double) i / steps;
            double wave = Math.sin(phase + x * waves * Math.PI) + 0.4 * Math.sin(2 * phase + x * waves * 7);
            path.lineTo(x * width, (horizon - amplitude * wave) * height);
        }
        path.lineTo(width, height);
        canvas.fill(path);
    }

    private void plate() {
        background(mix(color(2), Color.WHITE, 0.55), mix(color(2), Color.WHITE, 0.3));
        canvas.setColor(translucent(color(2), 60));
        canvas.setStroke(new BasicStroke(height / 200f));
        for (double y = 0.05; y < 1; y += 0.11) {
            canvas.drawLine(0, (int) (y * height), width, (int) ((y + 0.02) * height));
        }
        double x = between(0.45, 0.55);
        double y = between(0.45, 0.55);
        canvas.setColor(new Color(0, 0, 0, 50));
        circle(x + 0.015, y + 0.02, 0.4);
        canvas.setColor(new Color(0xfbfaf7));
        circle(x, y, 0.4);
        canvas.setColor(new Color(0xeceae4));
        circle(x, y, 0.29);
        int pieces = 7 + random.nextInt(8);
        for (int i = 0; i < pieces; i++) {
            double angle = 2 * Math.PI * i / pieces + between(0, 0.4);
            double distance = between(0.03, 0.17);
            double aspect = (double) width / height;
            canvas.setColor(mix(color(random.nextInt(4)), color(3), between(0, 0.6)));
            circle(x + distance * Math.cos(angle), y + distance * Math.sin(angle) * aspect, between(0.04, 0.09));
        }
    }

    private void book() {
        background(mix(color(1), Color.WHITE, 0.4), color(1));
        double left = between(0.18, 0.26);
        double top = between(0.12, 0.18);
        canvas.setColor(new Color(0, 0, 0, 60));
        rectangle(left + 0.02, top + 0.02, 1 - 2 * left, 1 - 2 * top, 0.01);
        canvas.setColor(color(0));
        rectangle(left, top, 1 - 2 * left, 1 - 2 * top, 0.01);
        canvas.setColor(new Color(0, 0, 0, 45));
        rectangle(left, top, 0.05, 1 - 2 * top, 0);
        canvas.setColor(color(3));
        circle(0.52, between(0.5, 0.62), between(0.1, 0.16));
        canvas.setColor(mix(color(3), Color.WHITE, 0.5));
        lines(left + 0.1, top + 0.07, 1 - 2 * left - 0.17, 2, 0.05);
        lines(left + 0.1, 1 - top - 0.08, (1 - 2 * left) / 3, 1, 0.02);
    }

    private void card() {
        Color paper = mix(color(random.nextInt(4)), Color.WHITE, 0.75);
        background(paper, paper);
        canvas.setColor(color(0));
        circle(0.16, 0.16, 0.045);
        circle(0.27, 0.16, 0.045);
        canvas.setColor(mix(color(0), Color.BLACK, 0.3));
        lines(0.12, 0.3, 0.76, 5 + random.nextInt(4), 0.026);
        canvas.setColor(color(3));
        rectangle(0.12, 0.86, 0.2, 0.012, 0);
    }

    /** Draws lines of words as bars. */
    private void lines(double x, double y, double length, int count, double size) {
        for (int line = 0; line < count; line++) {
            double end = x + length * (line == count - 1 ? between(0.3, 0.7) : between(0.85, 1));
            for (double at = x; at < end - size; ) {
                double word = Math.min(between(0.05, 0.16), end - at);
                rectangle(at, y + line * size * 2.4, word, size, size / 2);
                at += word + size / 2;
            }
        }
    }

    private void label(String digits) {
        int point = Math.max(1, height / 360);
        int left = width - (digits.length() * 4 + 2) * point;
        int top = height - 8 * point;
        canvas.setColor(new Color(255, 255, 255, 120));
        canvas.fillRect(left - point, top - point, width - left, 7 * point);
        canvas.setColor(new Color(0, 0, 0, 170));
        for (int i = 0; i < digits.length(); i++) {
            int bits = DIGITS[Character.digit(digits.charAt(i), 16)];
            for (int bit = 0; bit < 15; bit++) {
                if ((bits >> (14 - bit) & 1) == 1) {
                    canvas.fillRect(left + (i * 4 + bit % 3) * point, top + bit / 3 * point, point, point);
                }
            }
        }
    }

    private void background(Color above, Color below) {
        canvas.setPaint(new GradientPaint(0, 0, above, 0, height, below));
        canvas.fill(new Rectangle2D.Double(0, 0, width, height));
    }

    /** @param radius share of the width */
    private void circle(double x, double y, double radius) {
        double r = radius * width;
        canvas.fill(new Ellipse2D.Double(x * width - r, y * height - r, 2 * r, 2 * r));
    }

    private void rectangle(double x, double y, double across, double down, double corner) {
        canvas.fill(new RoundRectangle2D.Double(
                x * width, y * height, across * width, down * height, corner * height, corner * height));
    }

    private double between(double least, double most) {
        return least + (most - least) * random.nextDouble();
    }

    private Color color(int index) {
        return new Color(palette[index]);
    }

    private static Color translucent(Color color, int alpha) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
    }

    /** @param share of the second colour */
    private static Color mix(Color first, Color second, double share) {
        return new Color(
                (int) (first.getRed() + (second.getRed() - first.getRed()) * share),
                (int) (first.getGreen() + (second.getGreen() - first.getGreen()) * share),
                (int) (first.getBlue() + (second.getBlue() - first.getBlue()) * share));
    }
}
