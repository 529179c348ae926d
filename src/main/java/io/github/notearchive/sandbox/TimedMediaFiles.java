package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.ByteWriter.box;
import static io.github.notearchive.sandbox.ByteWriter.fullBox;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Generator of sound, video and subtitle files. WAV, MP3, SRT and WebVTT are playable; MP4 and M4A have valid boxes
 * around noise. Each file has about the requested size; no two are equal.
 */
final class TimedMediaFiles {

    private static final int LEAST_NOISE = 64;
    private static final int SECOND = 1000;

    /** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo, without padding. */
    private static final int MP3_HEADER = 0xfffb_9064;

    private static final int MP3_FRAME = 417;
    private static final byte[] MATRIX = new ByteWriter()
            .u32(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000)
            .toArray();

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
        return new ByteWriter()
                .ascii("RIFF")
                .littleEndian32(36 + noise)
                .ascii("WAVEfmt ")
                .littleEndian32(16)
                .littleEndian16(1, 1)
                .littleEndian32(8000, 16_000)
                .littleEndian16(2, 16)
                .ascii("data")
                .littleEndian32(noise)
                .noise(random, noise)
                .toArray();
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
        byte[] type =
                box("ftyp", new ByteWriter().ascii(brand).u32(512).ascii(brands).toArray());
        int content = type.length + movieHead(width, height, 0, 0).length + 8;
        int noise = Math.max(LEAST_NOISE, size - content);
        byte[] data = box("mdat", new ByteWriter().noise(random, noise).toArray());
        return new ByteWriter()
                .all(type, movieHead(width, height, content, noise), data)
                .toArray();
    }

    /** One track with one sample, the whole content of {@code mdat}; a sound track if the width is 0. */
    private static byte[] movieHead(int width, int height, int offset, int length) {
        boolean sound = width == 0;
        ByteWriter movie =
                new ByteWriter().u32(0, 0, SECOND, SECOND, 0x0001_0000).u16(0x0100);
        movie.zeros(10).all(MATRIX).zeros(24).u32(2);
        ByteWriter track = new ByteWriter().u32(0, 0, 1, 0, SECOND).zeros(8);
        track.u16(0, 0, sound ? 0x0100 : 0, 0).all(MATRIX).u32(width << 16, height << 16);
        ByteWriter media = new ByteWriter().u32(0, 0, SECOND, SECOND).u16(0x55c4, 0);
        ByteWriter handler =
                new ByteWriter().u32(0).ascii(sound ? "soun" : "vide").zeros(13);
        byte[] header = sound ? fullBox("smhd", 0, new byte[4]) : fullBox("vmhd", 1, new byte[8]);
        byte[] sources = fullBox("dref", 0, new ByteWriter().u32(1).toArray(), fullBox("url ", 1));
        byte[] samples = box(
                "stbl",
                fullBox("stsd", 0, new ByteWriter().u32(1).toArray(), sampleEntry(width, height)),
                fullBox("stts", 0, new ByteWriter().u32(1, 1, SECOND).toArray()),
                fullBox("stsc", 0, new ByteWriter().u32(1, 1, 1, 1).toArray()),
                fullBox("stsz", 0, new ByteWriter().u32(0, 1, length).toArray()),
                fullBox("stco", 0, new ByteWriter().u32(1, offset).toArray()));
        byte[] content = box(
                "mdia",
                fullBox("mdhd", 0, media.toArray()),
                fullBox("hdlr", 0, handler.toArray()),
                box("minf", header, box("dinf", sources), samples));
        return box(
                "moov", fullBox("mvhd", 0, movie.toArray()), box("trak", fullBox("tkhd", 7, track.toArray()), content));
    }

    private static byte[] sampleEntry(int width, int height) {
        ByteWriter entry = new ByteWriter().zeros(6).u16(1);
        if (width == 0) {
            return box("mp4a", entry.zeros(8).u16(2, 16, 0, 0).u32(44_100 << 16).toArray());
        }
        entry.zeros(16)
                .u16(width, height)
                .u32(0x0048_0000, 0x0048_0000, 0)
                .u16(1)
                .zeros(32);
        return box("hvc1", entry.u16(24, 0xffff).toArray());
    }
}
