package io.github.notearchive.browse;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * The page of a link and its button, which alone uses the link: programs that preview links request it, too, and do not
 * press buttons.
 */
@RestController
final class EnterController {

    static final String PATH = "/enter";

    /** A path of this server, without characters that browsers read as the start of another address. */
    private static final String LOCAL = "/(?:[A-Za-z0-9?][A-Za-z0-9/?=&%._:-]*)?";

    private final Sessions sessions;
    private final PageRenderer pages;

    EnterController(Sessions sessions, PageRenderer pages) {
        this.sessions = sessions;
        this.pages = pages;
    }

    @GetMapping(PATH)
    ResponseEntity<String> page(
            @RequestParam String token, @RequestParam(defaultValue = "/") String next, HttpServletRequest request) {
        requireLocal(next);
        if (!sessions.isOpen(token)) {
            throw new ResponseStatusException(HttpStatus.UNAUTHORIZED);
        }
        return pages.page(request, "browse/enter", Map.of("token", token, "next", next));
    }

    /** Exchanges the token for the cookie of a session, and redirects to a page. */
    @PostMapping(PATH)
    ResponseEntity<Void> enter(
            @RequestParam String token, @RequestParam(defaultValue = "/") String next, HttpServletRequest request) {
        requireLocal(next);
        ResponseCookie cookie =
                sessions.enter(token).orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED));
        // no trusted proxy is needed: a client that lies protects its own cookie
        boolean isSecure = request.isSecure() || "https".equals(request.getHeader("X-Forwarded-Proto"));
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .header(
                        HttpHeaders.SET_COOKIE,
                        cookie.mutate().secure(isSecure).build().toString())
                .header(HttpHeaders.LOCATION, next)
                .cacheControl(CacheControl.noStore())
                .build();
    }

    private static void requireLocal(String next) {
        if (!next.matches(LOCAL)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST);
        }
    }
}
