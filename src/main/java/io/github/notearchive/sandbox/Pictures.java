package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.Bytes.box;
import static io.github.notearchive.sandbox.Bytes.fullBox;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Numbered cards as picture files. JPEG, PNG, WebP and GIF can be looked at; HEIC has the right boxes around noise.
 *
 * <p>Each is filled up with noise, where its format has room for what viewers skip, until it has about the size that
 * was asked for. No two are equal.
 */
final class Pictures {

    private static final int CARDS = 100;

    /** In pixels, of all but GIF. */
    static final int WIDTH = 96;

    /** In pixels, of all but GIF. */
    static final int HEIGHT = 128;

    private static final int DOT = 8;

    /** Noise that no picture goes without, so that cards of one number differ. */
    private static final int LEAST_NOISE = 64;

    /** Three columns by five rows for each digit, from the top left. */
    private static final String[] DIGITS = {
        "111101101101111", "010110010010111", "111001111100111", "111001111001111",
        "101101111001001", "111100111001111", "111100111101111", "111001001001001",
        "111101111101111", "111101111001111",
    };

    private static final Map<String, byte[]> DRAWN = new ConcurrentHashMap<>();

    private Pictures() {}

    static byte[] jpeg(RandomGenerator random, int size) {
        byte[] card = drawn("jpeg", random);
        int firstSegment = 2;
        int afterFirst = firstSegment
                + 2
                + (Byte.toUnsignedInt(card[firstSegment + 2]) << 8)
                + Byte.toUnsignedInt(card[firstSegment + 3]);
        Bytes file = new Bytes().all(Arrays.copyOf(card, afterFirst));
        int noise = Math.max(LEAST_NOISE, size - card.length);
        while (noise > 0) {
            int comment = Math.min(noise, 60_000);
            file.u8(0xff, 0xfe).u16(comment + 2).noise(random, comment);
            noise -= comment;
        }
        return file.all(Arrays.copyOfRange(card, afterFirst, card.length)).toArray();
    }

    static byte[] png(RandomGenerator random, int size) {
        byte[] card = drawn("png", random);
        int endChunk = card.length - 12;
        int noise = Math.max(LEAST_NOISE, size - card.length - 12);
        byte[] chunk = new Bytes().ascii("fiLl").noise(random, noise).toArray();
        CRC32 check = new CRC32();
        check.update(chunk);
        return new Bytes()
                .all(Arrays.copyOf(card, endChunk))
                .u32(noise)
                .all(chunk)
                .u32((int) check.getValue())
                .all(Arrays.copyOfRange(card, endChunk, card.length))
                .toArray();
    }

    /** One colour, losslessly: each of the five prefix codes knows a single symbol. */
    static byte[] webp(RandomGenerator random, int size) {
        Bits bits = new Bits();
        bits.put(0x2f, 8).put(WIDTH - 1, 14).put(HEIGHT - 1, 14).put(0, 1).put(0, 3);
        bits.put(0, 1).put(0, 1).put(0, 1);
        for (int channel = 0; channel < 3; channel++) {
            bits.put(0b101, 3).put(random.nextInt(256), 8);
        }
        bits.put(0b101, 3).put(255, 8).put(0b001, 3).put(0, 1);
        byte[] pixels = bits.toArray();
        int noise = Math.max(LEAST_NOISE, size - 28 - pixels.length) & ~1;
        byte[] chunks = new Bytes()
                .ascii("WEBPVP8L")
                .littleEndian32(pixels.length)
                .all(pixels)
                .zeros(pixels.length & 1)
                .ascii("FILL")
                .littleEndian32(noise)
                .noise(random, noise)
                .toArray();
        return new Bytes()
                .ascii("RIFF")
                .littleEndian32(chunks.length)
                .all(chunks)
                .toArray();
    }

    static byte[] heic(RandomGenerator random, int size) {
        byte[] type =
                box("ftyp", new Bytes().ascii("heic").u32(0).ascii("mif1heic").toArray());
        int content = type.length + heicMeta(0, 0).length + 8;
        int noise = Math.max(LEAST_NOISE, size - content);
        return new Bytes()
                .all(type)
                .all(heicMeta(content, noise))
                .all(box("mdat", new Bytes().noise(random, noise).toArray()))
                .toArray();
    }

    /** One grey dot; the noise is a comment. */
    static byte[] gif(RandomGenerator random, int size) {
        Bytes file = new Bytes().ascii("GIF89a").littleEndian16(1, 1).u8(0x80, 0, 0);
        file.u8(random.nextInt(256), 128, 128, 255, 255, 255).u8(0x21, 0xfe);
        int noise = Math.max(LEAST_NOISE, size - 40);
        while (noise > 0) {
            int block = Math.min(noise, 255);
            file.u8(block).noise(random, block);
            noise -= block;
        }
        file.u8(0).u8(0x2c).littleEndian16(0, 0, 1, 1).u8(0).u8(2, 2, 0x44, 1, 0);
        return file.u8(0x3b).toArray();
    }

    private static byte[] heicMeta(int offset, int length) {
        byte[] handler = new Bytes().u32(0).ascii("pict").zeros(12).u8(0).toArray();
        byte[] item = new Bytes().u32(0x0200_0000).u16(1, 0).ascii("hvc1").u8(0).toArray();
        byte[] location =
                new Bytes().u8(0x44, 0).u16(1).u16(1, 0, 1).u32(offset, length).toArray();
        byte[] extent = new Bytes().u32(WIDTH, HEIGHT).toArray();
        return fullBox(
                "meta",
                0,
                fullBox("hdlr", 0, handler),
                fullBox("pitm", 0, new Bytes().u16(1).toArray()),
                fullBox("iloc", 0, location),
                fullBox("iinf", 0, new Bytes().u16(1).toArray(), box("infe", item)),
                box(
                        "iprp",
                        box("ipco", fullBox("ispe", 0, extent)),
                        fullBox("ipma", 0, new Bytes().u32(1).u16(1).u8(1, 0x81).toArray())));
    }

    private static byte[] drawn(String format, RandomGenerator random) {
        int number = random.nextInt(CARDS);
        return DRAWN.computeIfAbsent(format + number, _ -> draw(format, number));
    }

    private static byte[] draw(String format, int number) {
        BufferedImage card = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        int ground = Color.HSBtoRGB(number / (float) CARDS, 0.35f, 0.95f);
        int ink = Color.HSBtoRGB(number / (float) CARDS, 0.8f, 0.4f);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                card.setRGB(x, y, isInk(x / DOT - 2, y / DOT - 5, number) ? ink : ground);
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(card);
        } catch (IOException e) {
            throw new UncheckedIOException("A card cannot be drawn as " + format, e);
        } finally {
            writer.dispose();
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

    /** Bits packed from the low end of each byte, as WebP wants them. */
    private static final class Bits {

        private final Bytes packed = new Bytes();
        private long pending;
        private int count;

        Bits put(int value, int width) {
            pending |= (long) value << count;
            count += width;
            while (count >= 8) {
                packed.u8((int) pending & 0xff);
                pending >>>= 8;
                count -= 8;
            }
            return this;
        }

        byte[] toArray() {
            if (count > 0) {
                put(0, 8 - count);
            }
            return packed.toArray();
        }
    }
}
