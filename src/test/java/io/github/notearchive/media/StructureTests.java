package io.github.notearchive.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.notearchive.media.Structure.Cut;
import io.github.notearchive.media.Structure.Pixels;
import io.github.notearchive.media.Structure.Whole;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real files are whole; cut at whatever byte, they are not, but for the places named here. */
@Timeout(20)
class StructureTests {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "baseline.jpg, 48x32",
        "progressive.jpg, 48x32",
        "restarts.jpg, 48x32",
        "rgb.png, 48x32",
        "palette.png, 48x32",
        "still.gif, 48x32",
        "animated.gif, 32x24",
        "lossy.webp, 48x32",
        "lossless.webp, 48x32",
        "alpha.webp, 48x32",
        "animated.webp, 48x32",
        "picture.heic, 48x32",
        "tiles.heic, 48x32",
        "picture.avif, 48x32",
        "turned.avif, 48x32",
        "film.mp4, 64x48",
        "faststart.mp4, 64x48",
        "fragmented.mp4, 64x48",
        "film.mov, 64x48",
        "sound.m4a,",
        "sound.aac,",
        "sound.wav,",
        "odd.wav,",
        "counted.mp3,",
        "variable.mp3,",
        "slow.mp3,",
        "bare.mp3,",
        "tagged.mp3,",
        "sound.ogg,",
        "opus.ogg,",
        "sound.flac,",
    })
    void aWholeFileIsWholeAndTellsItsSize(String name, @Nullable String pixels) {
        assertThat(walk(Samples.bytes(name), Samples.type(name)))
                .isEqualTo(new Whole(List.of(), pixels == null ? null : pixels(pixels)));
    }

    @Test
    void aWavThatWasStreamedIsWholeButItsEndCannotBeChecked() {
        assertThat(walk(Samples.bytes("streamed.wav"), MediaType.WAV)).isEqualTo(whole("a stream without length"));
    }

    /**
     * Cut at every byte. What is not told are ends between two parts.
     *
     * <p>With a remark: boxes of which the data or the directory is missing; pages of Ogg; frames of MP3 that a first
     * frame has counted; all that a WAV without length may end with. Without one: between a fragment of MP4 and the
     * next; frames of AAC, or of MP3 without a count, where one MP3 of each counted file is let through, since some
     * writers count themselves and some do not; the frames of FLAC.
     */
    @ParameterizedTest
    @CsvSource({
        "baseline.jpg, 0, 0",
        "progressive.jpg, 0, 0",
        "restarts.jpg, 0, 0",
        "rgb.png, 0, 0",
        "palette.png, 0, 0",
        "still.gif, 0, 0",
        "animated.gif, 0, 0",
        "lossy.webp, 0, 0",
        "lossless.webp, 0, 0",
        "alpha.webp, 0, 0",
        "animated.webp, 0, 0",
        "picture.heic, 2, 0",
        "tiles.heic, 2, 0",
        "picture.avif, 2, 0",
        "turned.avif, 2, 0",
        "film.mp4, 3, 0",
        "faststart.mp4, 3, 0",
        "fragmented.mp4, 4, 2",
        "film.mov, 3, 0",
        "sound.m4a, 3, 0",
        "sound.wav, 0, 0",
        "odd.wav, 0, 0",
        "streamed.wav, 1600, 0",
        "counted.mp3, 21, 1",
        "variable.mp3, 21, 1",
        "slow.mp3, 16, 1",
        "bare.mp3, 0, 20",
        "tagged.mp3, 1, 21",
        "sound.aac, 0, 22",
        "sound.ogg, 24, 0",
        "opus.ogg, 27, 0",
        "sound.flac, 1, 462",
    })
    void aFileCutAtAnyOtherByteIsCut(String name, int remarked, int silent) throws IOException {
        byte[] bytes = Samples.bytes(name);
        MediaType type = Samples.type(name);
        Path file = file(bytes);
        int cut = 0;
        int odd = 0;
        int good = 0;

        try (RandomAccessFile cutter = new RandomAccessFile(file.toFile(), "rw")) {
            for (int length = bytes.length - 1; length >= 0; length--) {
                cutter.setLength(length);
                switch (structure(file, type)) {
                    case Cut(var where) -> {
                        assertThat(where).matches("[ -!#-~]{10,120}");
                        cut++;
                    }
                    case Whole(var remarks, var _) when !remarks.isEmpty() -> odd++;
                    case Whole _ -> good++;
                }
            }
        }

        assertThat(new int[] {cut, odd, good}).containsExactly(bytes.length - remarked - silent, remarked, silent);
    }

    @Test
    void everySampleIsCut() {
        assertThat(Samples.names()).hasSize(32);
    }

    /**
     * One byte more is a remark where the end is marked, and no file where it is not: a box of which only the first
     * byte came looks the same. FLAC and a streamed WAV take it for sound.
     */
    @ParameterizedTest
    @CsvSource({
        "baseline.jpg, bytes after the end: 1",
        "progressive.jpg, bytes after the end: 1",
        "rgb.png, bytes after the end: 1",
        "still.gif, bytes after the end: 1",
        "lossy.webp, bytes after the end: 1",
        "sound.wav, bytes after the end: 1",
        "odd.wav, bytes after the end: 1",
        "sound.ogg, bytes after the end: 1",
        "counted.mp3, bytes that are no frame: 1",
        "bare.mp3, bytes that are no frame: 1",
        "sound.aac, bytes that are no frame: 1",
        "streamed.wav, a stream without length",
        "sound.flac,",
        "picture.heic, cut",
        "picture.avif, cut",
        "film.mp4, cut",
        "fragmented.mp4, cut",
        "film.mov, cut",
        "sound.m4a, cut",
    })
    void aByteTooManyIsSeen(String name, @Nullable String expected) {
        byte[] bytes = Samples.bytes(name);

        Structure longer = walk(Arrays.copyOf(bytes, bytes.length + 1), Samples.type(name));

        switch (longer) {
            case Cut _ -> assertThat(expected).isEqualTo("cut");
            case Whole(var remarks, var _) ->
                assertThat(String.join("; ", remarks)).isEqualTo(expected == null ? "" : expected);
        }
    }

    @Test
    void whatFollowsAPictureIsNoPartOfIt() {
        byte[] motionPhoto = joined(Samples.bytes("baseline.jpg"), Samples.bytes("film.mp4"));

        assertThat(walk(motionPhoto, MediaType.JPEG))
                .isEqualTo(new Whole(List.of("bytes after the end: 2903"), new Pixels(48, 32)));
    }

    // boxes

    @Test
    void aBoxMayHaveALongSizeOrGoOnToTheEnd() {
        byte[] type = ascii("\0\0\0\u0010ftypisom\0\0\0\0");
        byte[] movie = ascii("\0\0\0\u0008moov");
        byte[] longBox = ascii("\0\0\0\u0001mdat\0\0\0\0\0\0\0\u0014data");
        byte[] lastBox = ascii("\0\0\0\0mdat and whatever comes");

        assertThat(walk(joined(type, movie, longBox), MediaType.MP4)).isEqualTo(whole("no track in moov"));
        assertThat(walk(joined(type, movie, lastBox), MediaType.MP4)).isEqualTo(whole("no track in moov"));
        assertThat(walk(Arrays.copyOf(joined(type, movie, longBox), 43), MediaType.MP4))
                .isEqualTo(new Cut("box mdat at byte 24 is not all there, the file ends at 43"));
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
    void aBoxOfAnImpossibleSizeIsNone(String box) {
        byte[] file = joined(Samples.bytes("film.mp4"), ascii(box));

        assertThat(walk(file, MediaType.MP4))
                .isInstanceOfSatisfying(
                        Cut.class, cut -> assertThat(cut.where()).matches("[ !#-~]+"));
    }

    @Test
    void zerosBehindTheLastBoxAreARemark() {
        byte[] bytes = Samples.bytes("film.mp4");

        for (int zeros : List.of(4, 7, 8, 20, 100_000)) {
            assertThat(walk(Arrays.copyOf(bytes, bytes.length + zeros), MediaType.MP4))
                    .isEqualTo(new Whole(List.of("zeros after the last box: " + zeros), new Pixels(64, 48)));
        }
    }

    @Test
    void whatLiesWithinABoxIsARemarkAtMost() {
        byte[] bytes = Samples.bytes("faststart.mp4");
        int track = new String(bytes, ISO_8859_1).indexOf("trak");
        bytes[track - 4] = 0x7f;

        assertThat(walk(bytes, MediaType.MP4)).isEqualTo(whole("moov is malformed", "no track in moov"));
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

        assertThat(bounded(() -> structure(file, MediaType.MP4))).isEqualTo(whole("no moov"));
    }

    // a stranger's patience

    /** Millions of parts of a few bytes each: one more than are looked at. */
    @ParameterizedTest
    @EnumSource(Tiny.class)
    void aFileOfCountlessPartsIsGivenUp(Tiny tiny) throws IOException {
        Path file = directory.resolve("tiny");
        byte[] part = ascii(tiny.part);
        byte[] parts = new byte[part.length * (Walk.MOST_STEPS + 1)];
        for (int at = 0; at < parts.length; at += part.length) {
            System.arraycopy(part, 0, parts, at, part.length);
        }
        byte[] bytes = joined(ascii(tiny.start), parts);
        if (tiny.type == MediaType.WAV) {
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(4, bytes.length - 8);
        }
        Files.write(file, bytes);

        assertThat(bounded(() -> structure(file, tiny.type)))
                .isInstanceOfSatisfying(
                        Whole.class,
                        whole ->
                                assertThat(whole.remarks()).anyMatch(remark -> remark.startsWith("more than 1000000")));
    }

    private enum Tiny {
        BOXES(MediaType.MP4, "\0\0\0\u0010ftypisom\0\0\0\0", "\0\0\0\u0008free"),
        SEGMENTS(MediaType.JPEG, "\u00ff\u00d8", "\u00ff\u00e0\0\u0002"),
        CHUNKS(MediaType.PNG, "\u0089PNG\r\n\u001a\n", "\0\0\0\0tEXt\0\0\0\0"),
        BLOCKS(MediaType.GIF, "GIF89a\u0001\0\u0001\0\0\0\0!\u00fe", "\u0001x"),
        RIFF(MediaType.WAV, "RIFF\0\0\0\0WAVE", "LIST\0\0\0\0"),
        TAGS(MediaType.MP3, "", "ID3\u0003\0\0\0\0\0\0"),
        PAGES(MediaType.OGG, "", "OggS" + "\0".repeat(23)),
        METADATA(MediaType.FLAC, "fLaC", "\0\0\0\0");

        private final MediaType type;
        private final String start;
        private final String part;

        Tiny(MediaType type, String start, String part) {
            this.type = type;
            this.start = start;
            this.part = part;
        }
    }

    @Test
    void countlessPartsWithinABoxAreGivenUpToo() {
        int boxes = Walk.MOST_STEPS + 1;
        ByteBuffer file = ByteBuffer.allocate(24 + 8 * boxes);
        file.put(ascii("\0\0\0\u0010ftypisom\0\0\0\0"));
        file.putInt(8 + 8 * boxes).put(ascii("moov"));
        for (int i = 0; i < boxes; i++) {
            file.put(ascii("\0\0\0\u0008trak"));
        }

        assertThat(bounded(() -> walk(file.array(), MediaType.MP4)))
                .isInstanceOfSatisfying(
                        Whole.class, whole -> assertThat(whole.remarks()).contains("moov is malformed"));
    }

    // other containers

    @Test
    void stuffedDataAndStrayBytesEndNoPicture() {
        byte[] picture = ascii("\u00ff\u00d8stray\u00ff\u00ff\u00e0\0\u0004\u00ff\u00d9"
                + "\u00ff\u00da\0\u0002data\u00ff\0data\u00ff\u00d0data\u00ff\u00d9");

        assertThat(walk(picture, MediaType.JPEG)).isEqualTo(whole("stray bytes between segments"));
        assertThat(walk(Arrays.copyOf(picture, picture.length - 2), MediaType.JPEG))
                .isInstanceOf(Cut.class);
        assertThat(walk(ascii("\u00ff\u00d8\u00ff\u00d9"), MediaType.JPEG)).isEqualTo(whole("no picture data"));
        assertThat(walk(ascii("\u00ff\u00d8\u00ff\u00e0\0\u0001\u00ff\u00d9"), MediaType.JPEG))
                .isInstanceOf(Cut.class);
    }

    @Test
    void aWrongChecksumIsARemark() {
        byte[] bytes = Samples.bytes("rgb.png");
        bytes[bytes.length - 1] ^= 1;
        bytes[20] ^= 1;

        assertThat(walk(bytes, MediaType.PNG))
                .isInstanceOfSatisfying(
                        Whole.class,
                        whole -> assertThat(whole.remarks())
                                .containsExactly("wrong checksum of IHDR", "wrong checksum of IEND"));
    }

    @Test
    void aWavMayMiscountItsOwnHeaderAndLeaveOutItsPadding() {
        byte[] miscounted = Samples.bytes("sound.wav");
        ByteBuffer.wrap(miscounted).order(ByteOrder.LITTLE_ENDIAN).putInt(4, miscounted.length);
        byte[] unpadded = Samples.without("odd.wav", 1);
        ByteBuffer.wrap(unpadded).order(ByteOrder.LITTLE_ENDIAN).putInt(4, unpadded.length - 8);

        assertThat(Samples.bytes("odd.wav")).hasSize(unpadded.length + 1);
        assertThat(walk(miscounted, MediaType.WAV)).isEqualTo(whole("the length counts too much"));
        assertThat(walk(unpadded, MediaType.WAV)).isEqualTo(whole("the last chunk is not padded"));
    }

    @Test
    void aWavWhoseLengthsAreZeroIsAStream() {
        byte[] zero = Samples.bytes("streamed.wav");
        ByteBuffer numbers = ByteBuffer.wrap(zero).order(ByteOrder.LITTLE_ENDIAN);
        numbers.putInt(4, 0);
        numbers.putInt(new String(zero, ISO_8859_1).indexOf("data") + 4, 0);

        assertThat(walk(zero, MediaType.WAV)).isEqualTo(whole("a stream without length"));
    }

    @Test
    void whatIsNoFrameIsSkippedUntilTwoFramesFollow() {
        byte[] sound = Samples.bytes("bare.mp3");
        byte[] junk = ascii("junk \u00ff\u00fb\u0010\u00c4 is not what it seems to be");

        assertThat(walk(joined(sound, junk, sound), MediaType.MP3))
                .isEqualTo(whole("bytes that are no frame: " + junk.length));
        assertThat(walk(joined(sound, Samples.bytes("tagged.mp3"), sound), MediaType.MP3))
                .isEqualTo(whole("bytes that are no frame: 128"));
    }

    @Test
    void subtitlesAreTextWithTimesInIt() {
        byte[] words = ascii("1\n00:00:00,000 --> 00:00:01,500\nhello\n");

        assertThat(walk(words, MediaType.SRT)).isEqualTo(whole());
        assertThat(walk(ascii("WEBVTT\n\na > b -> c\n"), MediaType.VTT)).isEqualTo(whole("no words"));
        assertThat(walk(joined(words, new byte[] {0, 1}), MediaType.SRT))
                .isEqualTo(new Cut("a zero in a text at byte " + words.length));
    }

    private Structure walk(byte[] bytes, MediaType type) {
        return structure(file(bytes), type);
    }

    /** What the walk says of a file, which must be the same where its bytes lie in memory. */
    static Structure structure(Path file, MediaType type) {
        try (FileBytes onDisk = new FileBytes(file)) {
            Structure structure = Structure.of(onDisk, type);
            if (Files.size(file) <= 1 << 20) {
                byte[] bytes = Files.readAllBytes(file);
                for (int length : new int[] {61, bytes.length + 7}) {
                    assertThat(Structure.of(new FileBytes(pieces(bytes, length), bytes.length), type))
                            .isEqualTo(structure);
                }
            }
            return structure;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Arrays of one length, with something else behind the end. */
    private static List<byte[]> pieces(byte[] bytes, int length) {
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += length) {
            byte[] piece = Arrays.copyOfRange(bytes, at, at + length);
            int count = Math.min(length, bytes.length - at);
            Arrays.fill(piece, count, length, (byte) 0xff);
            pieces.add(piece);
        }
        return pieces;
    }

    private Path file(byte[] bytes) {
        try {
            return Files.write(directory.resolve("file"), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Much longer than it may take on a busy machine; a walk without an end would hang. */
    private static Structure bounded(Supplier<Structure> walk) {
        return assertTimeoutPreemptively(Duration.ofMinutes(1), walk::get);
    }

    private static Whole whole(String... remarks) {
        return new Whole(List.of(remarks), null);
    }

    private static Pixels pixels(String text) {
        String[] sides = text.split("x");
        return new Pixels(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
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
