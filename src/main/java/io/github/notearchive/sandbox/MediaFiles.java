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
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/**
 * Generator of media files, each of about the requested size; no two are equal.
 *
 * <p>Images: numbered cards as JPEG and PNG, single colours as WebP, and HEIC with valid boxes around noise; the others
 * are filled with noise in a part that viewers skip. WAV, MP3, SRT and WebVTT are playable; MP4 and M4A have valid
 * boxes around noise.
 */
final class MediaFiles {

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

    private static final int SECOND = 1000;

    /** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo, without padding. */
    private static final int MP3_HEADER = 0xfffb_9064;

    private static final int MP3_FRAME = 417;
    private static final byte[] MATRIX =
            numbers(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000).toArray();

    private static final List<String> SPOKEN = List.of("今天我们来练习。", "先把水烧开。", "等三分钟就好。", "谢谢大家，下次再见。");

    private MediaFiles() {}

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
        return isoFile(type, MediaFiles::heicIndex, random, size);
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

    static byte[] mp4(RandomGenerator random, int size, int width, int height) {
        return movie("isom", "isomiso2mp41", width, height, random, size);
    }

    static byte[] m4a(RandomGenerator random, int size) {
        return movie("M4A ", "M4A isommp42", 0, 0, random, size);
    }

    /** Noise: mono, 16 bit, 8 kHz. */
    static byte[] wav(RandomGenerator random, int size) {
        int noise = Math.max(LEAST_NOISE, size - 44) & ~1;
        ByteWriter file = new ByteWriter(ByteOrder.LITTLE_ENDIAN);
        file.ascii("RIFF").u32(36 + noise).ascii("WAVE");
        file.ascii("fmt ").u32(16).u16(1, 1).u32(8000, 16_000).u16(2, 16);
        return file.ascii("data").u32(noise).noise(random, noise).toArray();
    }

    /** Silent frames behind a tag with noise in a private frame. */
    static byte[] mp3(RandomGenerator random, int size) {
        byte[] owner = new ByteWriter().ascii("sandbox").u8(0).toArray();
        int content = owner.length + LEAST_NOISE;
        int tag = 10 + content;
        ByteWriter file = new ByteWriter().ascii("ID3").u8(3, 0, 0, 0, 0, tag >>> 7, tag & 0x7f);
        file.ascii("PRIV").u32(content).u16(0).all(owner).noise(random, LEAST_NOISE);
        do {
            file.u32(MP3_HEADER).zeros(MP3_FRAME - 4);
        } while (file.size() + MP3_FRAME <= size);
        return file.toArray();
    }

    static byte[] srt(RandomGenerator random, int size) {
        return subtitles("", ',', random, size);
    }

    static byte[] vtt(RandomGenerator random, int size) {
        return subtitles("WEBVTT\n\n", '.', random, size);
    }

    private static byte[] subtitles(String head, char point, RandomGenerator random, int size) {
        StringBuilder file = new StringBuilder(head);
        int second = 0;
        do {
            int next = second + 1 + random.nextInt(3);
            file.append(second + 1).append('\n');
            file.append(time(second, point, random.nextInt(1000))).append(" --> ");
            file.append(time(next, point, 0)).append('\n');
            file.append(SPOKEN.get(random.nextInt(SPOKEN.size()))).append("\n\n");
            second = next;
        } while (file.length() < size / 3);
        return file.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String time(int second, char point, int milliseconds) {
        return "%02d:%02d:%02d%c%03d".formatted(second / 3600, second / 60 % 60, second % 60, point, milliseconds);
    }

    private static byte[] movie(String brand, String brands, int width, int height, RandomGenerator random, int size) {
        ByteWriter type = box("ftyp", new ByteWriter().ascii(brand).u32(512).ascii(brands));
        return isoFile(type, (position, length) -> index(width, height, position, length), random, size);
    }

    /** One track with one sample, the whole content of {@code mdat}; a sound track if the width is 0. */
    private static ByteWriter index(int width, int height, int position, int length) {
        boolean sound = width == 0;
        ByteWriter movie = numbers(0, 0, SECOND, SECOND, 0x0001_0000).u16(0x0100);
        movie.zeros(10).all(MATRIX).zeros(24).u32(2);
        ByteWriter track = numbers(0, 0, 1, 0, SECOND).zeros(8);
        track.u16(0, 0, sound ? 0x0100 : 0, 0).all(MATRIX).u32(width << 16, height << 16);
        ByteWriter media = numbers(0, 0, SECOND, SECOND).u16(0x55c4, 0);
        ByteWriter handler = numbers(0).ascii(sound ? "soun" : "vide").zeros(13);
        ByteWriter header = sound ? fullBox("smhd", 0, numbers(0)) : fullBox("vmhd", 1, numbers(0, 0));
        ByteWriter sources = box("dinf", fullBox("dref", 0, numbers(1), fullBox("url ", 1)));
        ByteWriter samples = box(
                "stbl",
                fullBox("stsd", 0, numbers(1), sampleEntry(width, height)),
                fullBox("stts", 0, numbers(1, 1, SECOND)),
                fullBox("stsc", 0, numbers(1, 1, 1, 1)),
                fullBox("stsz", 0, numbers(0, 1, length)),
                fullBox("stco", 0, numbers(1, position)));
        ByteWriter information = box("minf", header, sources, samples);
        ByteWriter content = box("mdia", fullBox("mdhd", 0, media), fullBox("hdlr", 0, handler), information);
        return box("moov", fullBox("mvhd", 0, movie), box("trak", fullBox("tkhd", 7, track), content));
    }

    private static ByteWriter sampleEntry(int width, int height) {
        ByteWriter entry = new ByteWriter().zeros(6).u16(1);
        if (width == 0) {
            return box("mp4a", entry.zeros(8).u16(2, 16, 0, 0).u32(44_100 << 16));
        }
        entry.zeros(16).u16(width, height).u32(0x0048_0000, 0x0048_0000, 0);
        return box("hvc1", entry.u16(1).zeros(32).u16(24, 0xffff));
    }

    private static ByteWriter numbers(int... values) {
        return new ByteWriter().u32(values);
    }
}
