"""School names that try to be something else: markup, script, templates, formulas, Typst."""

SCRIPTS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>", '"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<a href='java\tscript:alert(1)'>x</a>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>', "<iframe src=javascript:alert(1)>",
    "<object data=data:text/html,<script>alert(1)</script>>", "<embed src=http://e.example/x.swf>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<style>@import 'http://e.example/x.css';</style>", "<link rel=stylesheet href=http://e.example/>",
    "<meta http-equiv=refresh content='0;url=http://e.example/'>", "<base href=http://e.example/>",
    "<form action=http://e.example/><input type=submit>", "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>", "<body onload=alert(1)>", "<video><source onerror=alert(1)>",
    "<p style=background:url(http://e.example/)>", "<div style='width:expression(alert(1))'>",
    "</section></main><h1>x</h1>", "<!--><script>alert(1)</script>-->", "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<template><script>alert(1)</script>",
    "<xmp><script>alert(1)</script></xmp>", "<textarea><script>alert(1)</script>", "<marquee onstart=alert(1)>",
    "<b onmouseover=alert(1)>x</b>", "<table background=javascript:alert(1)>", "<isindex action=javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;", "\\u003cscript\\u003e",
    '<img src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=" onload=alert(1)>',
    '<img src="#jh-image-0" onerror=alert(1)>', '<img src="#jh-image-99999">',
)  # fmt: skip

MARKDOWN = (
    "甲|乙 # $x$ ![](http://e.example/)", "[x](javascript:alert(1))", "# heading", "`code`",
    "**bold**", "<http://e.example/>", "$\\frac{1}{2}$", "1. list", "- item", "> quote", "```mermaid",
    "_甲小学", "| a | b |",
)  # fmt: skip

TEMPLATES = (
    "{{7*7}}", "{% for x in y %}", "{0.__class__}", "%(x)s", "${7*7}", "#{7*7}", "{{''.__class__}}",
    "{#comment#}", "{n:n}",
)  # fmt: skip

TYPST = (
    '"]#read("/etc/passwd")', '#import "@preview/x:1.0.0"', "#eval(\"1\")", "\\u{41}", "*b* _e_ $x$",
    "= heading", "<label> @ref", "// comment", "/* comment", '\\"', "#let x = 1",
)  # fmt: skip

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "{=1+1}", "=HYPERLINK(\"http://e.example/\")", "http://e.example/",
    "mailto:a@e.example", "1e5", "007", "\t=1", "＝1",
)  # fmt: skip

NAMES = SCRIPTS + MARKDOWN + TEMPLATES + TYPST + FORMULAS
