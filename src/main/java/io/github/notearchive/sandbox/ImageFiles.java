package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.ByteWriter.box;
import static io.github.notearchive.sandbox.ByteWriter.fullBox;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/**
 * Generator of image files: numbered cards as JPEG and PNG, single colours as WebP and GIF, and HEIC with valid boxes
 * around noise.
 *
 * <p>Each file is filled with noise, in a part that viewers skip, up to about the requested size. No two files are
 * equal.
 */
final class ImageFiles {

    /** Width in pixels, except GIF. */
    static final int WIDTH = 96;

    /** Height in pixels, except GIF. */
    static final int HEIGHT = 128;

    private static final int CARDS = 100;
    private static final int DOT = 8;

    /** Bytes of noise in the smallest file, so that two cards with the same number differ. */
    private static final int LEAST_NOISE = 64;

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
        return new ByteWriter()
                .all(Arrays.copyOf(card, endChunk))
                .u32(noise)
                .all(chunk)
                .u32((int) checksum.getValue())
                .all(Arrays.copyOfRange(card, endChunk, card.length))
                .toArray();
    }

    /** Lossless, one colour: each of the five prefix codes has a single symbol. Noise in a private chunk. */
    static byte[] webp(RandomGenerator random, int size) {
        int[][] fields = {
            {8, 0x2f},
            {14, WIDTH - 1},
            {14, HEIGHT - 1},
            {7, 0},
            {3, 0b101},
            {8, random.nextInt(256)},
            {3, 0b101},
            {8, random.nextInt(256)},
            {3, 0b101},
            {8, random.nextInt(256)},
            {3, 0b101},
            {8, 255},
            {4, 0b001},
        };
        BitSet bits = new BitSet();
        int count = 0;
        for (int[] field : fields) {
            for (int bit = 0; bit < field[0]; bit++, count++) {
                bits.set(count, (field[1] >>> bit & 1) == 1);
            }
        }
        byte[] pixels = Arrays.copyOf(bits.toByteArray(), Math.ceilDiv(count, 8));
        int noise = Math.max(LEAST_NOISE, size - 28 - pixels.length) & ~1;
        byte[] chunks = new ByteWriter()
                .ascii("WEBPVP8L")
                .littleEndian32(pixels.length)
                .all(pixels)
                .zeros(pixels.length & 1)
                .ascii("FILL")
                .littleEndian32(noise)
                .noise(random, noise)
                .toArray();
        return new ByteWriter()
                .ascii("RIFF")
                .littleEndian32(chunks.length)
                .all(chunks)
                .toArray();
    }

    /** Noise in place of the coded image. */
    static byte[] heic(RandomGenerator random, int size) {
        byte[] type = box(
                "ftyp", new ByteWriter().ascii("heic").u32(0).ascii("mif1heic").toArray());
        int content = type.length + heicMeta(0, 0).length + 8;
        int noise = Math.max(LEAST_NOISE, size - content);
        byte[] data = box("mdat", new ByteWriter().noise(random, noise).toArray());
        return new ByteWriter().all(type, heicMeta(content, noise), data).toArray();
    }

    /** One dot. Noise in a comment. */
    static byte[] gif(RandomGenerator random, int size) {
        ByteWriter file = new ByteWriter().ascii("GIF89a").littleEndian16(1, 1).u8(0x80, 0, 0);
        file.u8(random.nextInt(256), 128, 128, 255, 255, 255).u8(0x21, 0xfe);
        int noise = Math.max(LEAST_NOISE, size - 40);
        while (noise > 0) {
            int block = Math.min(noise, 255);
            file.u8(block).noise(random, block);
            noise -= block;
        }
        file.u8(0, 0x2c).littleEndian16(0, 0, 1, 1).u8(0, 2, 2, 0x44, 1, 0);
        return file.u8(0x3b).toArray();
    }

    private static byte[] heicMeta(int offset, int length) {
        byte[] handler = new ByteWriter().u32(0).ascii("pict").zeros(13).toArray();
        byte[] item =
                new ByteWriter().u32(0x0200_0000).u16(1, 0).ascii("hvc1").u8(0).toArray();
        byte[] location =
                new ByteWriter().u8(0x44, 0).u16(1, 1, 0, 1).u32(offset, length).toArray();
        byte[] extent = new ByteWriter().u32(WIDTH, HEIGHT).toArray();
        byte[] properties = new ByteWriter().u32(1).u16(1).u8(1, 0x81).toArray();
        return fullBox(
                "meta",
                0,
                fullBox("hdlr", 0, handler),
                fullBox("pitm", 0, new ByteWriter().u16(1).toArray()),
                fullBox("iloc", 0, location),
                fullBox("iinf", 0, new ByteWriter().u16(1).toArray(), box("infe", item)),
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
