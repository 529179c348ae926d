package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.ByteWriter.LEAST_NOISE;
import static io.github.notearchive.sandbox.ByteWriter.box;
import static io.github.notearchive.sandbox.ByteWriter.fullBox;
import static io.github.notearchive.sandbox.ByteWriter.isoFile;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Generator of sound, video and subtitle files. WAV, MP3, SRT and WebVTT are playable; MP4 and M4A have valid boxes
 * around noise. Each file has about the requested size; no two are equal.
 */
final class TimedMediaFiles {

    private static final int SECOND = 1000;

    /** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo, without padding. */
    private static final int MP3_HEADER = 0xfffb_9064;

    private static final int MP3_FRAME = 417;
    private static final byte[] MATRIX =
            numbers(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000).toArray();

    private static final List<String> SPOKEN = List.of("今天我们来练习。", "先把水烧开。", "等三分钟就好。", "谢谢大家，下次再见。");

    private TimedMediaFiles() {}

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
