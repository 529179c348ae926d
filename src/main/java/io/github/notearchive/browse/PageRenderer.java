package io.github.notearchive.browse;

import io.github.notearchive.report.Pages;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.util.UriComponentsBuilder;
import org.springframework.web.util.WebUtils;

/** Renders pages from the templates of {@code src/main/jte/browse}, in the language of the reader. */
@Component
record PageRenderer(Assets assets, BrowseProperties settings) {

    static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

    private static final String LANGUAGE = "lang";

    ResponseEntity<String> page(HttpServletRequest request, String template, Map<String, Object> parameters) {
        return page(request, HttpStatusCode.valueOf(200), template, parameters);
    }

    /** Renders a page; {@code ?lang=} is kept in a cookie. */
    ResponseEntity<String> page(
            HttpServletRequest request, HttpStatusCode status, String template, Map<String, Object> parameters) {
        Map<String, Object> all = new HashMap<>(parameters);
        Site site = site(request);
        all.put("site", site);
        ResponseEntity.BodyBuilder response = ResponseEntity.status(status)
                .contentType(HTML)
                .cacheControl(CacheControl.noStore())
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE, HttpHeaders.COOKIE);
        if (request.getParameter(LANGUAGE) != null) {
            ResponseCookie cookie = ResponseCookie.from(LANGUAGE, site.language())
                    .path("/")
                    .httpOnly(true)
                    .sameSite("Strict")
                    .maxAge(365L * 24 * 3600)
                    .build();
            response.header(HttpHeaders.SET_COOKIE, cookie.toString());
        }
        return response.body(Pages.render(template, all));
    }

    Site site(HttpServletRequest request) {
        String query = request.getQueryString();
        String address = UriComponentsBuilder.fromPath(request.getRequestURI())
                .query(query)
                .replaceQueryParam(LANGUAGE)
                .build()
                .toUriString();
        return new Site(
                texts(request),
                address,
                Objects.requireNonNullElse(request.getParameter("q"), ""),
                settings.heifCommand().isBlank(),
                assets::address);
    }

    private static Texts texts(HttpServletRequest request) {
        Cookie cookie = WebUtils.getCookie(request, LANGUAGE);
        return Texts.of(Optional.ofNullable(request.getParameter(LANGUAGE))
                .or(() -> Optional.ofNullable(cookie).map(Cookie::getValue))
                .or(() -> Optional.ofNullable(request.getHeader(HttpHeaders.ACCEPT_LANGUAGE)))
                .orElse(""));
    }
}
