package io.github.notearchive.media.format;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Result of a truncation check.
 *
 * <p>A file that ends exactly between two of its top-level parts is reported as complete. In HEIF, MP4, QuickTime, Ogg
 * and WAV without a length the missing part leaves a remark. Frames of MP3 and AAC and fragments of MP4 leave none.
 */
public sealed interface FileCheck {

    /**
     * No part is missing.
     *
     * @param remarks unusual features, in ASCII without quotes; few and short
     * @param dimensions of the picture or film as its headers state them; null if they state none
     */
    record Complete(List<String> remarks, @Nullable Dimensions dimensions) implements FileCheck {

        public Complete {
            remarks = List.copyOf(remarks);
        }
    }

    /**
     * The file ends within a part, or a header is impossible.
     *
     * @param reason which part at which byte, in ASCII
     */
    record Truncated(String reason) implements FileCheck {}

    /**
     * Size of a picture in pixels. Comparisons ignore its orientation, since viewers rotate pictures.
     *
     * @param width at least 1
     * @param height at least 1
     */
    record Dimensions(int width, int height) {

        public boolean isSameSize(Dimensions other) {
            return longSide() == other.longSide() && shortSide() == other.shortSide();
        }

        /** Whether both sides are more than {@code factor} times those of the other picture. */
        public boolean exceeds(Dimensions other, int factor) {
            return longSide() > (long) factor * other.longSide() && shortSide() > (long) factor * other.shortSide();
        }

        public int longSide() {
            return Math.max(width, height);
        }

        private int shortSide() {
            return Math.min(width, height);
        }

        @Override
        public String toString() {
            return width + "x" + height;
        }
    }
}
