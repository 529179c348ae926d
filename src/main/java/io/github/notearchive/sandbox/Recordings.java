package io.github.notearchive.sandbox;

import static io.github.notearchive.sandbox.Bytes.box;
import static io.github.notearchive.sandbox.Bytes.fullBox;

import java.util.random.RandomGenerator;

/**
 * Sound and video files. WAV and MP3 can be played; MP4 and M4A have the right boxes around noise. Each has about the
 * size that was asked for, and no two are equal.
 */
final class Recordings {

    private static final int LEAST_NOISE = 64;
    private static final int SECOND = 1000;

    /** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo, without padding. */
    private static final int MP3_HEADER = 0xfffb_9064;

    private static final int MP3_FRAME = 417;

    private Recordings() {}

    static byte[] mp4(RandomGenerator random, int size, int width, int height) {
        return movie("isom", "isomiso2mp41", width, height, random, size);
    }

    static byte[] m4a(RandomGenerator random, int size) {
        return movie("M4A ", "M4A isommp42", 0, 0, random, size);
    }

    /** Mono, 16 bit, 8 kHz: noise that can be heard as such. */
    static byte[] wav(RandomGenerator random, int size) {
        int noise = Math.max(LEAST_NOISE, size - 44) & ~1;
        return new Bytes()
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

    /** Frames of silence behind a tag whose private frame holds the noise. */
    static byte[] mp3(RandomGenerator random, int size) {
        byte[] owner = new Bytes().ascii("sandbox").u8(0).toArray();
        int content = owner.length + LEAST_NOISE;
        int tag = 10 + content;
        Bytes file = new Bytes().ascii("ID3").u8(3, 0, 0).u8(0, 0, tag >>> 7, tag & 0x7f);
        file.ascii("PRIV").u32(content).u16(0).all(owner).noise(random, LEAST_NOISE);
        do {
            file.u32(MP3_HEADER).zeros(MP3_FRAME - 4);
        } while (file.size() + MP3_FRAME <= size);
        return file.toArray();
    }

    private static byte[] movie(String brand, String brands, int width, int height, RandomGenerator random, int size) {
        byte[] type =
                box("ftyp", new Bytes().ascii(brand).u32(512).ascii(brands).toArray());
        int content = type.length + movieHead(width, height, 0, 0).length + 8;
        int noise = Math.max(LEAST_NOISE, size - content);
        return new Bytes()
                .all(type)
                .all(movieHead(width, height, content, noise))
                .all(box("mdat", new Bytes().noise(random, noise).toArray()))
                .toArray();
    }

    /** One track with one sample, which is everything in {@code mdat}; of sound when it has no width. */
    private static byte[] movieHead(int width, int height, int offset, int length) {
        boolean sound = width == 0;
        byte[] matrix = matrix();
        byte[] movie = new Bytes()
                .u32(0, 0, SECOND, SECOND, 0x0001_0000)
                .u16(0x0100)
                .zeros(10)
                .all(matrix)
                .zeros(24)
                .u32(2)
                .toArray();
        byte[] track = new Bytes()
                .u32(0, 0, 1, 0, SECOND)
                .zeros(8)
                .u16(0, 0, sound ? 0x0100 : 0, 0)
                .all(matrix)
                .u32(width << 16, height << 16)
                .toArray();
        byte[] media = new Bytes().u32(0, 0, SECOND, SECOND).u16(0x55c4, 0).toArray();
        byte[] handler = new Bytes()
                .u32(0)
                .ascii(sound ? "soun" : "vide")
                .zeros(12)
                .u8(0)
                .toArray();
        byte[] header = sound ? fullBox("smhd", 0, new byte[4]) : fullBox("vmhd", 1, new byte[8]);
        byte[] sources = fullBox("dref", 0, new Bytes().u32(1).toArray(), fullBox("url ", 1));
        byte[] samples = box(
                "stbl",
                fullBox("stsd", 0, new Bytes().u32(1).toArray(), sampleEntry(sound, width, height)),
                fullBox("stts", 0, new Bytes().u32(1, 1, SECOND).toArray()),
                fullBox("stsc", 0, new Bytes().u32(1, 1, 1, 1).toArray()),
                fullBox("stsz", 0, new Bytes().u32(0, 1, length).toArray()),
                fullBox("stco", 0, new Bytes().u32(1, offset).toArray()));
        return box(
                "moov",
                fullBox("mvhd", 0, movie),
                box(
                        "trak",
                        fullBox("tkhd", 7, track),
                        box(
                                "mdia",
                                fullBox("mdhd", 0, media),
                                fullBox("hdlr", 0, handler),
                                box("minf", header, box("dinf", sources), samples))));
    }

    private static byte[] sampleEntry(boolean sound, int width, int height) {
        Bytes entry = new Bytes().zeros(6).u16(1);
        if (sound) {
            return box("mp4a", entry.zeros(8).u16(2, 16, 0, 0).u32(44_100 << 16).toArray());
        }
        entry.zeros(16)
                .u16(width, height)
                .u32(0x0048_0000, 0x0048_0000, 0)
                .u16(1)
                .zeros(32);
        return box("hvc1", entry.u16(24, 0xffff).toArray());
    }

    private static byte[] matrix() {
        return new Bytes()
                .u32(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000)
                .toArray();
    }
}
