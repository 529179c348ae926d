package io.github.notearchive.browse;

import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.report.Pages;
import io.github.notearchive.report.Texts;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.resource.ResourceUrlProvider;
import org.springframework.web.servlet.support.RequestContextUtils;
import org.springframework.web.util.UriComponentsBuilder;

/** Renders pages from the templates of {@code src/main/jte/browse}, in the language of the reader. */
@Component
final class PageRenderer {

    static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

    /** Parameter and cookie with the language of the reader. */
    static final String LANGUAGE = "lang";

    private final ResourceUrlProvider assets;
    private final HeifCommand heif;
    private final RestoredDump restored;

    PageRenderer(ResourceUrlProvider assets, HeifCommand heif, RestoredDump restored) {
        this.assets = assets;
        this.heif = heif;
        this.restored = restored;
    }

    ResponseEntity<String> page(HttpServletRequest request, String template, Map<String, Object> parameters) {
        return page(request, HttpStatusCode.valueOf(200), template, parameters);
    }

    ResponseEntity<String> page(
            HttpServletRequest request, HttpStatusCode status, String template, Map<String, Object> parameters) {
        Map<String, Object> all = new HashMap<>(parameters);
        all.put("site", site(request));
        return ResponseEntity.status(status)
                .contentType(HTML)
                .cacheControl(CacheControl.noStore())
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE, HttpHeaders.COOKIE)
                .body(Pages.render(template, all));
    }

    Site site(HttpServletRequest request) {
        String query = request.getQueryString();
        String address = UriComponentsBuilder.fromPath(request.getRequestURI())
                .query(query)
                .replaceQueryParam(LANGUAGE)
                .build()
                .toUriString();
        return new Site(
                Texts.of(RequestContextUtils.getLocale(request).getLanguage()),
                address,
                Objects.requireNonNullElse(request.getParameter("q"), ""),
                heif.isUsable(),
                restored.difference().orElse(null),
                name -> Objects.requireNonNull(assets.getForLookupPath("/assets/" + name), name));
    }
}
