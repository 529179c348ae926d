package io.github.notearchive.browse;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Thumbnails. A browser keeps them, and verifies at each view that they are still served. */
@RestController
record ThumbnailController(Thumbnails thumbnails) {

    private static final MediaType SVG = MediaType.parseMediaType("image/svg+xml");

    /** Body of a 404, which browsers display in place of the picture. */
    private static final byte[] PLACEHOLDER = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path fill="none" stroke="#888" d="M12 8h16v14H12zM12 22l16-14"/></svg>
            """.getBytes(StandardCharsets.UTF_8);

    @GetMapping("/thumbnails/{sha256:[0-9a-f]{64}}")
    ResponseEntity<byte[]> thumbnail(@PathVariable String sha256, @RequestParam int width) {
        if (!Thumbnails.WIDTHS.contains(width)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "width is one of " + Thumbnails.WIDTHS);
        }
        Optional<byte[]> made = thumbnails.of(sha256, width);
        return made.map(jpeg -> ResponseEntity.ok()
                        .contentType(MediaType.IMAGE_JPEG)
                        .cacheControl(CacheControl.noCache().cachePrivate())
                        .eTag("\"%s-%d\"".formatted(sha256, width))
                        .body(jpeg))
                .orElseGet(() -> ResponseEntity.status(HttpStatus.NOT_FOUND)
                        .contentType(SVG)
                        .cacheControl(CacheControl.noStore())
                        .body(PLACEHOLDER));
    }
}
