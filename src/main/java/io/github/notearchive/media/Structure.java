package io.github.notearchive.media;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a walk along a file's own structure says: whether it is all there.
 *
 * <p>The walk reads headers and goes where they point: boxes, chunks, segments, frames or pages must be well formed and
 * end where the file does. It decodes nothing, and what the file <em>contains</em> never makes it a failure. A film of
 * two gigabytes costs a few reads; pictures in JPEG, PNG and GIF, and sound in frames are read once through. Memory and
 * steps are bounded, whatever the bytes are.
 *
 * <p>What cannot be told: a file that ends exactly between two of its top-level parts has all of them whole. In most
 * containers the part that is missing leaves a remark; frames of MP3 without a count, frames of AAC, fragments of MP4,
 * WAV without a length, whatever comes behind the metadata of FLAC, and subtitles leave none.
 */
sealed interface Structure {

    /**
     * All there.
     *
     * @param remarks what is odd all the same, in ASCII without quotes; few and short
     * @param pixels how large the picture or film is by its own word; null when it does not say
     */
    record Whole(List<String> remarks, @Nullable Pixels pixels) implements Structure {

        public Whole {
            remarks = List.copyOf(remarks);
        }
    }

    /** Not all there, or not what its headers say; the words tell where and why, in ASCII. */
    record Cut(String where) implements Structure {}

    /**
     * How large a picture is.
     *
     * @param width more than 0
     * @param height more than 0
     */
    record Pixels(int width, int height) {

        /** Whether it has these dimensions, lying or standing: viewers turn pictures. */
        boolean isAs(Pixels other) {
            return Math.max(width, height) == Math.max(other.width, other.height)
                    && Math.min(width, height) == Math.min(other.width, other.height);
        }

        /** Whether both sides are more than so many times those of another, lying or standing. */
        boolean dwarfs(Pixels other, int times) {
            return Math.max(width, height) > (long) times * Math.max(other.width, other.height)
                    && Math.min(width, height) > (long) times * Math.min(other.width, other.height);
        }

        @Override
        public String toString() {
            return width + "x" + height;
        }
    }

    /**
     * Walks along the bytes of a file.
     *
     * @param type by its first bytes
     */
    static Structure of(FileBytes bytes, MediaType type) throws IOException {
        Walk walk = switch (type) {
            case HEIC, AVIF -> new BoxWalk(bytes, true);
            case MP4, MOV, M4A -> new BoxWalk(bytes, false);
            case JPEG -> new JpegWalk(bytes);
            case PNG -> new PngWalk(bytes);
            case GIF -> new GifWalk(bytes);
            case WEBP, WAV -> new RiffWalk(bytes, type == MediaType.WEBP);
            case MP3, AAC -> new FrameWalk(bytes);
            case OGG -> new OggWalk(bytes);
            case FLAC -> new FlacWalk(bytes);
            case SRT, VTT -> new WordsWalk(bytes);
        };
        return walk.walk();
    }
}
