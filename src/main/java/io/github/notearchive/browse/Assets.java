package io.github.notearchive.browse;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.ArrayUtils;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Style sheets, scripts and the picture decoder, from the class path. Their addresses contain their digests. */
@RestController
final class Assets {

    private static final Map<String, MediaType> TYPES = Map.of(
            "css", MediaType.parseMediaType("text/css;charset=UTF-8"),
            "js", MediaType.parseMediaType("text/javascript;charset=UTF-8"),
            "svg", MediaType.parseMediaType("image/svg+xml"),
            "wasm", MediaType.parseMediaType("application/wasm"));

    /** Policy of a worker, which alone may run WebAssembly; browsers ignore it in other scripts and in style sheets. */
    private static final String WORKER =
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

    private final Map<String, Asset> files = new ConcurrentHashMap<>();

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Asset(String address, MediaType type, byte[] bytes) {}

    Assets() throws IOException {
        PathMatchingResourcePatternResolver resources =
                new PathMatchingResourcePatternResolver(Assets.class.getClassLoader());
        String directory = "classpath*:" + Assets.class.getPackageName().replace('.', '/');
        Resource base = resources.getResource("classpath:pages/base.css");
        for (Resource file : ArrayUtils.add(resources.getResources(directory + "/**/*.*"), base)) {
            String name = Objects.requireNonNull(file.getFilename());
            MediaType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
            if (type != null) {
                byte[] bytes = file.getContentAsByteArray();
                String address = "/assets/%.16s/%s".formatted(DigestUtils.sha256Hex(bytes), name);
                files.put(name, new Asset(address, type, bytes));
            }
        }
    }

    /** Returns the address of a file. */
    String address(String name) {
        return Objects.requireNonNull(files.get(name), name).address();
    }

    @GetMapping("/assets/{digest}/{name}")
    ResponseEntity<byte[]> file(@PathVariable String digest, @PathVariable String name) {
        Asset file = files.get(name);
        if (file == null || !file.address().equals("/assets/" + digest + "/" + name)) {
            throw new ResponseStatusException(HttpStatus.NOT_FOUND);
        }
        return ResponseEntity.ok()
                .contentType(file.type())
                .header("Content-Security-Policy", WORKER)
                .cacheControl(
                        CacheControl.maxAge(Duration.ofDays(365)).cachePrivate().immutable())
                .body(file.bytes());
    }
}
