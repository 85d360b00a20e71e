"""Model cards and data sheets: facts are collected, and written as Markdown and as a page of HTML."""
