package io.github.notearchive.browse;

import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Exchanges the token of a link for the cookie of a session, and redirects to a page. */
@RestController
record EntryController(Sessions sessions) {

    /** A path of this server, without characters that browsers read as the start of another address. */
    private static final String LOCAL = "/(?:[A-Za-z0-9?][A-Za-z0-9/?=&%._:-]*)?";

    @GetMapping("/enter")
    ResponseEntity<Void> enter(@RequestParam String token, @RequestParam(defaultValue = "/") String next) {
        if (!next.matches(LOCAL)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST);
        }
        String session = sessions.enter(token).orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED));
        ResponseCookie cookie = ResponseCookie.from(Sessions.COOKIE, session)
                .path("/")
                .httpOnly(true)
                .sameSite("Strict")
                .maxAge(Sessions.VALIDITY)
                .build();
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .header(HttpHeaders.SET_COOKIE, cookie.toString())
                .cacheControl(CacheControl.noStore())
                .header(HttpHeaders.LOCATION, next)
                .build();
    }
}
