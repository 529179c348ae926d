package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.ByteWriter.LEAST_NOISE;
import static io.github.notearchive.sandbox.ByteWriter.box;
import static io.github.notearchive.sandbox.ByteWriter.fullBox;
import static io.github.notearchive.sandbox.ByteWriter.isoFile;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/**
 * Generator of image files: numbered cards as JPEG and PNG, single colours as WebP, and HEIC with valid boxes around
 * noise.
 *
 * <p>Each file is filled with noise, in a part that viewers skip, up to about the requested size. No two files are
 * equal.
 */
final class ImageFiles {

    static final int WIDTH = 96;
    static final int HEIGHT = 128;

    private static final int CARDS = 100;
    private static final int DOT = 8;

    /** Dots of each digit: three columns by five rows, from the top left. */
    private static final String[] DIGITS = {
        "111101101101111", "010110010010111", "111001111100111", "111001111001111",
        "101101111001001", "111100111001111", "111100111101111", "111001001001001",
        "111101111101111", "111101111001111",
    };

    private static final Map<String, byte[]> CACHE = new ConcurrentHashMap<>();

    private ImageFiles() {}

    /** Noise in comment segments behind the first segment. */
    static byte[] jpeg(RandomGenerator random, int size) {
        byte[] card = card("jpeg", random);
        int afterFirst = 4 + (Byte.toUnsignedInt(card[4]) << 8) + Byte.toUnsignedInt(card[5]);
        ByteWriter file = new ByteWriter().all(Arrays.copyOf(card, afterFirst));
        int noise = Math.max(LEAST_NOISE, size - card.length);
        while (noise > 0) {
            int comment = Math.min(noise, 60_000);
            file.u8(0xff, 0xfe).u16(comment + 2).noise(random, comment);
            noise -= comment;
        }
        return file.all(Arrays.copyOfRange(card, afterFirst, card.length)).toArray();
    }

    /** Noise in a private chunk before the last one. */
    static byte[] png(RandomGenerator random, int size) {
        byte[] card = card("png", random);
        int endChunk = card.length - 12;
        int noise = Math.max(LEAST_NOISE, size - card.length - 12);
        byte[] chunk = new ByteWriter().ascii("fiLl").noise(random, noise).toArray();
        CRC32 checksum = new CRC32();
        checksum.update(chunk);
        ByteWriter file = new ByteWriter().all(Arrays.copyOf(card, endChunk));
        file.u32(noise).all(chunk).u32((int) checksum.getValue());
        return file.all(Arrays.copyOfRange(card, endChunk, card.length)).toArray();
    }

    /** Lossless, one colour: each of the five prefix codes has a single symbol. Noise in a private chunk. */
    static byte[] webp(RandomGenerator random, int size) {
        int red = random.nextInt(256);
        int green = random.nextInt(256);
        int blue = random.nextInt(256);
        int[] values = {0x2f, WIDTH - 1, HEIGHT - 1, 0, 0b101, red, 0b101, green, 0b101, blue, 0b101, 255, 0b001};
        int[] widths = {8, 14, 14, 7, 3, 8, 3, 8, 3, 8, 3, 8, 4};
        BitSet bits = new BitSet();
        int count = 0;
        for (int i = 0; i < widths.length; i++) {
            for (int bit = 0; bit < widths[i]; bit++, count++) {
                bits.set(count, ((values[i] >>> bit) & 1) == 1);
            }
        }
        byte[] pixels = Arrays.copyOf(bits.toByteArray(), Math.ceilDiv(count, 8));
        int noise = Math.max(LEAST_NOISE, size - 28 - pixels.length) & ~1;
        int padding = pixels.length & 1;
        ByteWriter file = new ByteWriter(ByteOrder.LITTLE_ENDIAN);
        file.ascii("RIFF").u32(20 + pixels.length + padding + noise).ascii("WEBP");
        file.ascii("VP8L").u32(pixels.length).all(pixels).zeros(padding);
        return file.ascii("FILL").u32(noise).noise(random, noise).toArray();
    }

    /** Noise in place of the coded image. */
    static byte[] heic(RandomGenerator random, int size) {
        ByteWriter type = box("ftyp", new ByteWriter().ascii("heic").u32(0).ascii("mif1heic"));
        return isoFile(type, ImageFiles::heicIndex, random, size);
    }

    private static ByteWriter heicIndex(int position, int length) {
        ByteWriter handler = new ByteWriter().u32(0).ascii("pict").zeros(13);
        ByteWriter location = new ByteWriter().u8(0x44, 0).u16(1, 1, 0, 1).u32(position, length);
        ByteWriter item =
                new ByteWriter().u32(0x0200_0000).u16(1, 0).ascii("hvc1").u8(0);
        ByteWriter one = new ByteWriter().u16(1);
        ByteWriter extent = new ByteWriter().u32(WIDTH, HEIGHT);
        ByteWriter properties = new ByteWriter().u32(1).u16(1).u8(1, 0x81);
        return fullBox(
                "meta",
                0,
                fullBox("hdlr", 0, handler),
                fullBox("pitm", 0, one),
                fullBox("iloc", 0, location),
                fullBox("iinf", 0, one, box("infe", item)),
                box("iprp", box("ipco", fullBox("ispe", 0, extent)), fullBox("ipma", 0, properties)));
    }

    private static byte[] card(String format, RandomGenerator random) {
        int number = random.nextInt(CARDS);
        return CACHE.computeIfAbsent(format + number, _ -> draw(format, number));
    }

    private static byte[] draw(String format, int number) {
        BufferedImage card = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        int background = Color.HSBtoRGB(number / (float) CARDS, 0.35f, 0.95f);
        int ink = Color.HSBtoRGB(number / (float) CARDS, 0.8f, 0.4f);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                card.setRGB(x, y, isInk(x / DOT - 2, y / DOT - 5, number) ? ink : background);
            }
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            ImageIO.write(card, format, file);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot encode a card as " + format, e);
        }
        return file.toByteArray();
    }

    private static boolean isInk(int column, int row, int number) {
        if (row < 0 || row >= 5 || column < 0 || column >= 7 || column == 3) {
            return false;
        }
        int digit = column < 3 ? number / 10 : number % 10;
        return DIGITS[digit].charAt(row * 3 + column % 4) == '1';
    }
}
