package io.github.notearchive.media.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.notearchive.media.format.FileCheck.Complete;
import io.github.notearchive.media.format.FileCheck.Dimensions;
import io.github.notearchive.media.format.FileCheck.Truncated;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of real tools are complete, and truncated when cut at any byte except for the ends of parts. */
@Timeout(20)
class FileCheckTests {

    @TempDir
    Path directory;

    /**
     * A sample is complete. Cut at each byte, it is truncated except for this many lengths, with or without a remark.
     * The exceptions are ends between two parts: boxes, Ogg pages and chunks of a WAV without length leave a remark;
     * frames, a tag behind them, and fragments of MP4 leave none. One more byte is a remark where the format has an
     * end, else truncated.
     */
    @ParameterizedTest
    @CsvSource({
        "baseline.jpg,    48x32,    0,   0, bytes after the end: 1",
        "progressive.jpg, 48x32,    0,   0, bytes after the end: 1",
        "restarts.jpg,    48x32,    0,   0, bytes after the end: 1",
        "rgb.png,         48x32,    0,   0, bytes after the end: 1",
        "palette.png,     48x32,    0,   0, bytes after the end: 1",
        "still.gif,       48x32,    0,   0, bytes after the end: 1",
        "animated.gif,    32x24,    0,   0, bytes after the end: 1",
        "lossy.webp,      48x32,    0,   0, bytes after the end: 1",
        "lossless.webp,   48x32,    0,   0, bytes after the end: 1",
        "alpha.webp,      48x32,    0,   0, bytes after the end: 1",
        "animated.webp,   48x32,    0,   0, bytes after the end: 1",
        "picture.heic,    48x32,    2,   0, truncated",
        "tiles.heic,      48x32,    2,   0, truncated",
        "picture.avif,    48x32,    2,   0, truncated",
        "turned.avif,     48x32,    2,   0, truncated",
        "film.mp4,        64x48,    3,   0, truncated",
        "faststart.mp4,   64x48,    3,   0, truncated",
        "fragmented.mp4,  64x48,    4,    2, truncated",
        "film.mov,        64x48,    3,   0, truncated",
        "sound.m4a,            ,    3,   0, truncated",
        "sound.wav,            ,    0,   0, bytes after the end: 1",
        "odd.wav,              ,    0,   0, bytes after the end: 1",
        "streamed.wav,         , 1600,   0, a stream without length",
        "counted.mp3,          ,    0,   22, unchecked from byte 2420",
        "variable.mp3,         ,    0,   22, unchecked from byte 2854",
        "slow.mp3,             ,    0,   17, unchecked from byte 1376",
        "bare.mp3,             ,    0,   20, unchecked from byte 2194",
        "tagged.mp3,           ,    0,  149,",
        "sound.aac,            ,    0,   22, unchecked from byte 2305",
        "sound.ogg,            ,   24,   0, bytes after the end: 1",
        "opus.ogg,             ,   27,   0, bytes after the end: 1",
        "sound.flac,           ,    0, 8749,",
    })
    void aSampleIsCompleteUnlessItIsCut(
            String name, @Nullable String dimensions, int remarked, int silent, @Nullable String withOneByteMore)
            throws IOException {
        byte[] bytes = Samples.bytes(name);
        Container container = Samples.container(name);
        List<String> remarks = name.equals("streamed.wav") ? List.of("a stream without length") : List.of();

        assertThat(check(bytes, container)).isEqualTo(new Complete(remarks, dimensions(dimensions)));
        assertThat(cutAtEachByte(bytes, container)).containsExactly(bytes.length - remarked - silent, remarked, silent);
        FileCheck longer = check(Arrays.copyOf(bytes, bytes.length + 1), container);
        assertThat(longer instanceof Complete complete ? String.join("; ", complete.remarks()) : "truncated")
                .isEqualTo(withOneByteMore == null ? "" : withOneByteMore);
    }

    /** Numbers of lengths at which the file is truncated, complete with a remark, and complete without one. */
    private int[] cutAtEachByte(byte[] bytes, Container container) throws IOException {
        int[] counts = new int[3];
        Path file = file(bytes);
        try (RandomAccessFile cutter = new RandomAccessFile(file.toFile(), "rw")) {
            for (int length = bytes.length - 1; length >= 0; length--) {
                cutter.setLength(length);
                switch (check(file, container)) {
                    case Truncated(var reason) -> {
                        assertThat(reason).matches("[ -!#-~]{10,120}");
                        counts[0]++;
                    }
                    case Complete(var remarks, var _) -> counts[remarks.isEmpty() ? 2 : 1]++;
                }
            }
        }
        return counts;
    }

    @Test
    void everySampleIsTested() {
        assertThat(Samples.names()).hasSize(32);
    }

    @Test
    void bytesBehindAPictureAreNotPartOfIt() {
        byte[] motionPhoto = joined(Samples.bytes("baseline.jpg"), Samples.bytes("film.mp4"));

        assertThat(check(motionPhoto, Container.JPEG))
                .isEqualTo(new Complete(List.of("bytes after the end: 2903"), new Dimensions(48, 32)));
    }

    @Test
    void aBoxMayHaveALongSizeOrExtendToTheEnd() {
        byte[] type = ascii("\0\0\0\u0010ftypisom\0\0\0\0");
        byte[] movie = ascii("\0\0\0\u0008moov");
        byte[] longBox = ascii("\0\0\0\u0001mdat\0\0\0\0\0\0\0\u0014data");
        byte[] lastBox = ascii("\0\0\0\0mdat and further bytes");

        assertThat(check(joined(type, movie, longBox), Container.ISO_MEDIA)).isEqualTo(complete());
        assertThat(check(joined(type, movie, lastBox), Container.ISO_MEDIA)).isEqualTo(complete());
        assertThat(check(Arrays.copyOf(joined(type, movie, longBox), 43), Container.ISO_MEDIA))
                .isEqualTo(new Truncated("box mdat at byte 24 exceeds the file length 43"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\0\0\0\u0002free",
                "\0\0\0\u0007free",
                "\0\0\0\u0001free\0\0\0\0\0\0\0\0",
                "\0\0\0\u0001free\0\0\0\0\0\0\0\u000f",
                "\0\0\0\u0001free\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
                "\0\0\0\u0001free\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
                "\u00ff\u00ff\u00ff\u00fffree",
                "\u00ff\u00d8\u00ff\u00e0\u001b[2J\"",
            })
    void aBoxOfAnImpossibleSizeIsTruncated(String box) {
        byte[] file = joined(Samples.bytes("film.mp4"), ascii(box));

        assertThat(check(file, Container.ISO_MEDIA))
                .isInstanceOfSatisfying(
                        Truncated.class,
                        truncated -> assertThat(truncated.reason()).matches("[ !#-~]+"));
    }

    @Test
    void zerosBehindTheLastBoxAreARemark() {
        byte[] bytes = Samples.bytes("film.mp4");

        for (int zeros : List.of(4, 7, 8, 20, 100_000)) {
            assertThat(check(Arrays.copyOf(bytes, bytes.length + zeros), Container.ISO_MEDIA))
                    .isEqualTo(new Complete(List.of("zeros after the last box: " + zeros), new Dimensions(64, 48)));
        }
    }

    @Test
    void aMalformedChildOfABoxIsARemark() {
        byte[] bytes = Samples.bytes("faststart.mp4");
        int track = new String(bytes, ISO_8859_1).indexOf("trak");
        bytes[track - 4] = 0x7f;

        assertThat(check(bytes, Container.ISO_MEDIA)).isEqualTo(complete("moov is malformed"));
    }

    @Test
    void aLargeFilmCostsAFewReads() throws IOException {
        Path file = directory.resolve("large");
        long length = 3L << 30;
        try (RandomAccessFile film = new RandomAccessFile(file.toFile(), "rw")) {
            film.write(ascii("\0\0\0\u0010ftypisom\0\0\0\0\0\0\0\u0001mdat"));
            film.writeLong(length - 16);
            film.setLength(length);
        }

        assertThat(bounded(() -> check(file, Container.ISO_MEDIA))).isEqualTo(complete("no moov"));
    }

    /** Container, start of the file, and a part of a few bytes. */
    static Stream<Arguments> tinyParts() {
        return Stream.of(
                Arguments.of(Container.ISO_MEDIA, "\0\0\0\u0010ftypisom\0\0\0\0", "\0\0\0\u0008free"),
                Arguments.of(Container.JPEG, "\u00ff\u00d8", "\u00ff\u00e0\0\u0002"),
                Arguments.of(Container.PNG, "\u0089PNG\r\n\u001a\n", "\0\0\0\0tEXt\0\0\0\0"),
                Arguments.of(Container.GIF, "GIF89a\u0001\0\u0001\0\0\0\0!\u00fe", "\u0001x"),
                Arguments.of(Container.WAV, "RIFF\0\0\0\0WAVE", "LIST\0\0\0\0"),
                Arguments.of(Container.AUDIO_FRAMES, "", "ID3\u0003\0\0\0\0\0\0"),
                Arguments.of(Container.OGG, "", "OggS" + "\0".repeat(23)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tinyParts")
    void aFileOfTooManyPartsIsNotReadToItsEnd(Container container, String start, String part) {
        byte[] bytes = ascii(start + part.repeat(ContainerCheck.MAX_PARTS + 1));
        if (container == Container.WAV) {
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(4, bytes.length - 8);
        }
        Path file = file(bytes);

        assertThat(bounded(() -> check(file, container)))
                .isInstanceOfSatisfying(
                        Complete.class,
                        complete -> assertThat(complete.remarks())
                                .anyMatch(remark -> remark.startsWith("more than 1000000")));
    }

    @Test
    void tooManyPartsWithinABoxAreNotReadToTheirEnd() {
        int boxes = ContainerCheck.MAX_PARTS + 1;
        ByteBuffer file = ByteBuffer.allocate(24 + 8 * boxes);
        file.put(ascii("\0\0\0\u0010ftypisom\0\0\0\0"));
        file.putInt(8 + 8 * boxes).put(ascii("moov"));
        for (int i = 0; i < boxes; i++) {
            file.put(ascii("\0\0\0\u0008trak"));
        }

        assertThat(bounded(() -> check(file.array(), Container.ISO_MEDIA)))
                .isInstanceOfSatisfying(
                        Complete.class,
                        complete -> assertThat(complete.remarks()).contains("moov is malformed"));
    }

    @Test
    void stuffedDataAndStrayBytesDoNotEndAPicture() {
        byte[] picture = ascii("\u00ff\u00d8stray\u00ff\u00ff\u00e0\0\u0004\u00ff\u00d9"
                + "\u00ff\u00da\0\u0002data\u00ff\0data\u00ff\u00d0data\u00ff\u00d9");

        assertThat(check(picture, Container.JPEG)).isEqualTo(complete("stray bytes between segments"));
        assertThat(check(Arrays.copyOf(picture, picture.length - 2), Container.JPEG))
                .isInstanceOf(Truncated.class);
        assertThat(check(ascii("\u00ff\u00d8\u00ff\u00d9"), Container.JPEG)).isEqualTo(complete("no picture data"));
        assertThat(check(ascii("\u00ff\u00d8\u00ff\u00e0\0\u0001\u00ff\u00d9"), Container.JPEG))
                .isInstanceOf(Truncated.class);
    }

    @Test
    void aWrongChecksumIsARemark() {
        byte[] bytes = Samples.bytes("rgb.png");
        bytes[bytes.length - 1] ^= 1;
        bytes[20] ^= 1;

        assertThat(check(bytes, Container.PNG))
                .isInstanceOfSatisfying(
                        Complete.class,
                        complete -> assertThat(complete.remarks())
                                .containsExactly("wrong checksum of IHDR", "wrong checksum of IEND"));
    }

    @Test
    void aWavMayMiscountItsOwnHeaderAndLeaveOutItsPadding() {
        byte[] miscounted = Samples.bytes("sound.wav");
        ByteBuffer.wrap(miscounted).order(ByteOrder.LITTLE_ENDIAN).putInt(4, miscounted.length);
        byte[] unpadded = Samples.without("odd.wav", 1);
        ByteBuffer.wrap(unpadded).order(ByteOrder.LITTLE_ENDIAN).putInt(4, unpadded.length - 8);

        assertThat(Samples.bytes("odd.wav")).hasSize(unpadded.length + 1);
        assertThat(check(miscounted, Container.WAV)).isEqualTo(complete("the length counts too much"));
        assertThat(check(unpadded, Container.WAV)).isEqualTo(complete("the last chunk is not padded"));
    }

    @Test
    void aWavWhoseLengthsAreZeroIsAStream() {
        byte[] zero = Samples.bytes("streamed.wav");
        ByteBuffer numbers = ByteBuffer.wrap(zero).order(ByteOrder.LITTLE_ENDIAN);
        numbers.putInt(4, 0);
        numbers.putInt(new String(zero, ISO_8859_1).indexOf("data") + 4, 0);

        assertThat(check(zero, Container.WAV)).isEqualTo(complete("a stream without length"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"junk", "\u00ff\u00fb\u0000\u00c4", "ADIF", "\u00ff\u00f1\0\0\0\0\0"})
    void audioIsUncheckedFromTheFirstPartThatIsNoFrame(String other) {
        byte[] sound = Samples.bytes("bare.mp3");

        assertThat(check(joined(sound, ascii(other), sound), Container.AUDIO_FRAMES))
                .isEqualTo(complete("unchecked from byte " + sound.length));
        assertThat(check(joined(ascii(other), sound), Container.AUDIO_FRAMES))
                .isEqualTo(complete("unchecked from byte 0"));
    }

    private FileCheck check(byte[] bytes, Container container) {
        return check(file(bytes), container);
    }

    /** Checks a file on disk; its bytes in memory must have the same result. */
    static FileCheck check(Path file, Container container) {
        try (FileBytes onDisk = new FileBytes(file)) {
            FileCheck check = container.check(onDisk);
            if (Files.size(file) <= 1 << 20) {
                byte[] bytes = Files.readAllBytes(file);
                for (int length : new int[] {61, bytes.length + 7}) {
                    assertThat(container.check(new FileBytes(blocks(bytes, length), bytes.length)))
                            .isEqualTo(check);
                }
            }
            return check;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Arrays of equal length, with other bytes behind the end. */
    private static List<byte[]> blocks(byte[] bytes, int length) {
        List<byte[]> blocks = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += length) {
            byte[] block = Arrays.copyOfRange(bytes, at, at + length);
            int count = Math.min(length, bytes.length - at);
            Arrays.fill(block, count, length, (byte) 0xff);
            blocks.add(block);
        }
        return blocks;
    }

    private Path file(byte[] bytes) {
        try {
            return Files.write(directory.resolve("file"), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Much longer than a check takes on a busy machine. */
    private static FileCheck bounded(Supplier<FileCheck> check) {
        return assertTimeoutPreemptively(Duration.ofMinutes(1), check::get);
    }

    private static Complete complete(String... remarks) {
        return new Complete(List.of(remarks), null);
    }

    private static @Nullable Dimensions dimensions(@Nullable String text) {
        if (text == null) {
            return null;
        }
        String[] sides = text.split("x");
        return new Dimensions(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
