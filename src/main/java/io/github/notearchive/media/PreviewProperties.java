package io.github.notearchive.media;

import io.github.notearchive.note.MediaType;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Setting of the previews of images: small JPEG or WebP renditions from the same response.
 *
 * @param preview images of which a small JPEG or WebP rendition is stored, too, from the same response: those that most
 *     browsers do not display (HEIC), all or none. A preview that cannot be downloaded is left out
 */
@ConfigurationProperties("archive.media")
public record PreviewProperties(@DefaultValue("auto") Images preview) {

    /** Images of which a preview is stored. */
    public enum Images {
        AUTO,
        ALL,
        NONE
    }

    /** Returns whether a preview of an image is stored. */
    public boolean accepts(String contentType) {
        return switch (preview) {
            case AUTO -> contentType.equals(MediaType.HEIC.contentType());
            case ALL -> true;
            case NONE -> false;
        };
    }
}
