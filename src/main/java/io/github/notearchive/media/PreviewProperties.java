package io.github.notearchive.media;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Setting of the previews of images.
 *
 * @param preview whether a small JPEG or WebP rendition of each image is stored, too, from the same response. A preview
 *     that cannot be downloaded is left out
 */
@ConfigurationProperties("archive.media")
public record PreviewProperties(@DefaultValue("false") boolean preview) {}
