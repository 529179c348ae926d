package io.github.notearchive.media.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.notearchive.media.format.FileCheck.Dimensions;
import io.github.notearchive.note.MediaType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
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
     * The exceptions are ends between two boxes, and headers that end before the length. One more byte is ignored where
     * the format has an end, else the file is truncated.
     */
    @ParameterizedTest
    @CsvSource({
        "baseline.jpg,    48x32, 0, 0, complete",
        "progressive.jpg, 48x32, 0, 0, complete",
        "restarts.jpg,    48x32, 0, 0, complete",
        "rgb.png,         48x32, 0, 0, complete",
        "palette.png,     48x32, 0, 0, complete",
        "lossy.webp,      48x32, 0, 0, complete",
        "lossless.webp,   48x32, 0, 0, complete",
        "alpha.webp,      48x32, 0, 0, complete",
        "animated.webp,   48x32, 0, 0, complete",
        "picture.heic,    64x64, 2, 0, truncated",
        "tiles.heic,      64x64, 2, 0, truncated",
        "picture.avif,    48x32, 2, 0, truncated",
        "turned.avif,     48x32, 2, 0, truncated",
        "film.mp4,        64x48, 3, 0, truncated",
        "faststart.mp4,   64x48, 3, 0, truncated",
        "fragmented.mp4,  64x48, 6, 0, truncated",
        "film.mov,        64x48, 3, 0, truncated",
        "sound.m4a,            , 3, 0, truncated",
        "still.gif,       48x32, 0, 0, complete",
        "sound.wav,            , 0, 0, complete",
        "sound.ogg,            , 0, 0, complete",
        "variable.mp3,         , 28, 0, complete",
        "slow.mp3,             , 20, 0, complete",
    })
    void aSampleIsCompleteUnlessItIsCut(
            String name, @Nullable String dimensions, int remarked, int silent, String withOneByteMore)
            throws IOException {
        byte[] bytes = Samples.bytes(name);
        MediaType type = Samples.type(name);
        String complete = dimensions == null ? "complete: " : "complete " + dimensions + ": ";

        assertThat(result(bytes, type)).isEqualTo(complete);
        assertThat(cutAtEachByte(bytes, type)).containsExactly(bytes.length - remarked - silent, remarked, silent);
        String longer = result(Arrays.copyOf(bytes, bytes.length + 1), type);
        if (withOneByteMore.equals("truncated")) {
            assertThat(longer).startsWith("truncated");
        } else {
            assertThat(longer).isEqualTo(complete);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bare.mp3", "sound.aac", "sound.flac"})
    void aFileWithoutLengthAndEndIsNotChecked(String name) {
        assertThat(result(Samples.without(name, 100), Samples.type(name)))
                .isEqualTo("complete: no check for truncation");
    }

    @ParameterizedTest
    @CsvSource({
        "OGG,  'OggS\0\u0004....................\0OggS\0\0....................\0', 'truncated: no page that ends.*'",
        "WAV,  'RIFF\u00ff\u00ff\u00ff\u00ffWAVEdata\u00ff\u00ff\u00ff\u00ffsound', "
                + "'complete: no length in the RIFF header'",
        "WAV,  'RIFF\u000c\0\0\0WAVEfmt \0\0\0\0', 'complete: no data'",
        "GIF,  'GIF89a..\0\0\0\0\0;', 'complete: no picture data'",
        "MP3,  'ID3\u0004\0\u0010\0\0\0\0..........', 'complete: no check for truncation'",
    })
    void anEndIsThatOfTheWholeFile(MediaType type, String bytes, String expected) {
        assertThat(result(ascii(bytes), type)).matches(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 200, 200, 100, JPEG, true",
        "100, 200, 101, 200, JPEG, false",
        "100, 200, 100, 201, JPEG, false",
        "100, 200, 163, 263, HEIC, true",
        "100, 200, 164, 200, HEIC, false",
        "100, 200, 37, 137, AVIF, true",
        "100, 200, 100, 136, AVIF, false",
    })
    void pictureIsPaddedToWholeBlocks(
            int width, int height, int otherWidth, int otherHeight, MediaType type, boolean same) {
        assertThat(new Dimensions(width, height).isSameSize(new Dimensions(otherWidth, otherHeight), type))
                .isEqualTo(same);
    }

    @Test
    void pictureExceedsAnotherOneInBothSides() {
        Dimensions small = new Dimensions(100, 200);
        assertThat(new Dimensions(401, 201).exceeds(small, 2)).isTrue();
        assertThat(new Dimensions(200, 401).exceeds(small, 2)).isFalse();
        assertThat(new Dimensions(201, 400).exceeds(small, 2)).isFalse();
        assertThat(small.longSide()).isEqualTo(200);
    }

    /** Numbers of lengths at which the file is truncated, complete with a remark, and complete without one. */
    private int[] cutAtEachByte(byte[] bytes, MediaType type) throws IOException {
        int[] counts = new int[3];
        Path file = file(bytes);
        try (RandomAccessFile cutter = new RandomAccessFile(file.toFile(), "rw")) {
            for (int length = bytes.length - 1; length >= 0; length--) {
                cutter.setLength(length);
                String result = result(file, type);
                assertThat(result).matches("truncated: [ -!#-~]{10,120}|complete.*");
                counts[result.startsWith("truncated") ? 0 : result.endsWith(": ") ? 2 : 1]++;
            }
        }
        return counts;
    }

    @Test
    void everySampleIsTested() {
        assertThat(Samples.names()).hasSize(26);
    }

    @Test
    void aBoxMayHaveALongSizeOrExtendToTheEnd() {
        String movie = "\0\0\0\u0010ftypisom\0\0\0\0\0\0\0\u0008moov";
        String longBox = movie + "\0\0\0\u0001mdat\0\0\0\0\0\0\0\u0014data";

        assertThat(result(ascii(longBox), MediaType.MP4)).isEqualTo("complete: ");
        assertThat(result(ascii(movie + "\0\0\0\0mdat and further bytes"), MediaType.MP4))
                .isEqualTo("complete: ");
        assertThat(result(ascii(longBox.substring(0, 43)), MediaType.MP4))
                .isEqualTo("truncated: box mdat at byte 24 exceeds the file length 43");
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
        assertThat(result(joined(Samples.bytes("film.mp4"), ascii(box)), MediaType.MP4))
                .matches("truncated: [ !#-~]+");
    }

    @Test
    void zerosBehindTheLastBoxAreIgnored() {
        byte[] bytes = Samples.bytes("film.mp4");

        for (int zeros : List.of(4, 7, 8, 20, 100_000)) {
            assertThat(result(Arrays.copyOf(bytes, bytes.length + zeros), MediaType.MP4))
                    .isEqualTo("complete 64x48: ");
        }
    }

    @Test
    void aMalformedChildOfABoxIsNotMeasured() {
        byte[] bytes = Samples.bytes("faststart.mp4");
        int track = new String(bytes, ISO_8859_1).indexOf("trak");
        bytes[track - 4] = 0x7f;

        assertThat(result(bytes, MediaType.MP4)).isEqualTo("complete: ");
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

        assertThat(bounded(() -> result(file, MediaType.MP4))).isEqualTo("complete: no moov");
    }

    /** Type, start of the file, and a part of a few bytes. */
    static Stream<Arguments> tinyParts() {
        return Stream.of(
                Arguments.of(MediaType.MP4, "\0\0\0\u0010ftypisom\0\0\0\0", "\0\0\0\u0008free"),
                Arguments.of(MediaType.MP4, "\0\0\0\0moov", "\0\0\0\u0008trak"),
                Arguments.of(MediaType.JPEG, "\u00ff\u00d8", "\u00ff\u00e0\0\u0002"),
                Arguments.of(MediaType.GIF, "GIF89a....\0\0\0!.", "\u0001."),
                Arguments.of(MediaType.PNG, "\u0089PNG\r\n\u001a\n", "\0\0\0\0tEXt\0\0\0\0"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tinyParts")
    void aFileOfTooManyPartsIsNotReadToItsEnd(MediaType type, String start, String part) {
        byte[] bytes = ascii(start + part.repeat(FileCheck.MAX_PARTS + 1));
        Path file = file(bytes);

        assertThat(bounded(() -> result(file, type))).matches("complete.*: .*more than 1000000.*");
    }

    @Test
    void bytesBehindAPictureAreNotPartOfIt() {
        byte[] motionPhoto = joined(Samples.bytes("baseline.jpg"), Samples.bytes("film.mp4"));

        assertThat(result(motionPhoto, MediaType.JPEG)).isEqualTo("complete 48x32: ");
    }

    @ParameterizedTest
    @CsvSource({
        "\u00ff\u00d8stray\u00ff\u00ff\u00e0.4\u00ff\u00d9\u00ff\u00da.2data\u00ff.data\u00ff\u00d0data\u00ff\u00d9, "
                + "'complete: '",
        "\u00ff\u00d8stray\u00ff\u00ff\u00e0.4\u00ff\u00d9\u00ff\u00da.2data\u00ff.data\u00ff\u00d0data, truncated.*",
        "\u00ff\u00d8\u00ff\u00d9, complete: no picture data",
        "\u00ff\u00d8\u00ff\u00e0.1\u00ff\u00d9, truncated.*",
    })
    void stuffedDataAndStrayBytesDoNotEndAPicture(String jpeg, String expected) {
        byte[] bytes = ascii(jpeg.replace(".4", "\0\u0004")
                .replace(".2", "\0\u0002")
                .replace(".1", "\0\u0001")
                .replace('.', '\0'));

        assertThat(result(bytes, MediaType.JPEG)).matches(expected);
    }

    private String result(byte[] bytes, MediaType type) {
        return result(file(bytes), type);
    }

    /** Checks a file on disk; its bytes in memory must have the same result. */
    static String result(Path file, MediaType type) {
        try (FileBytes onDisk = new FileBytes(file)) {
            String result = result(onDisk, type);
            if (Files.size(file) <= 1 << 20) {
                byte[] bytes = Files.readAllBytes(file);
                for (int length : new int[] {61, bytes.length + 7}) {
                    assertThat(result(new FileBytes(blocks(bytes, length), bytes.length), type))
                            .isEqualTo(result);
                }
            }
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String result(FileBytes bytes, MediaType type) throws IOException {
        try {
            FileCheck.Complete complete = FileCheck.check(type, bytes);
            String dimensions = complete.dimensions() == null ? "" : " " + complete.dimensions();
            return "complete" + dimensions + ": " + String.join("; ", complete.remarks());
        } catch (FileCheck.TruncatedFileException e) {
            return "truncated: " + e.getMessage();
        }
    }

    /** Arrays of equal length, with other bytes behind the end. */
    private static List<byte[]> blocks(byte[] bytes, int length) {
        List<byte[]> blocks = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += length) {
            byte[] block = Arrays.copyOfRange(bytes, at, at + length);
            Arrays.fill(block, Math.min(length, bytes.length - at), length, (byte) 0xff);
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
    private static String bounded(Supplier<String> check) {
        return assertTimeoutPreemptively(Duration.ofMinutes(1), check::get);
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
