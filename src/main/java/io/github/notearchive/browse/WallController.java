package io.github.notearchive.browse;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** First page. */
@RestController
record WallController(PageRenderer pages) {

    @GetMapping("/")
    ResponseEntity<String> wall(HttpServletRequest request) {
        return pages.page(request, "browse/wall", Map.of());
    }
}
