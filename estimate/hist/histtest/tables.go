package histtest

// tables are small published tables, as CSV: one column a list, then the count.
var tables = map[string]string{
	// Madigan and York (1997), Biometrika 84, 19-31.
	"spina_bifida_3": `L1,L2,L3,count
1,0,0,60
0,1,0,49
0,0,1,247
1,1,0,4
1,0,1,112
0,1,1,142
1,1,1,12
`,
	// Chan, Silverman and Vincent (2021), Journal of the American Statistical Association 116, 1297-1306, table 2.
	"artificial_3": `A,B,C,count
1,0,0,40
0,1,0,30
0,0,1,20
1,1,0,6
`,
	// Ball, Betts, Scheuren, Dudukovich and Asher (2002), Killings and Refugee Flow in Kosovo March-June 1999.
	"kosovo_4": `EXH,ABA,OSCE,HRW,count
1,0,0,0,1131
0,1,0,0,845
0,0,1,0,936
0,0,0,1,306
1,1,0,0,177
1,0,1,0,228
1,0,0,1,106
0,1,1,0,217
0,1,0,1,31
0,0,1,1,123
1,1,1,0,181
1,1,0,1,18
1,0,1,1,42
0,1,1,1,32
1,1,1,1,27
`,
	// the same without one list (modslavmse).
	"uk2013_4": `LA,NG,PFNCA,GO,count
1,0,0,0,54
0,1,0,0,464
0,0,1,0,1006
0,0,0,1,703
1,1,0,0,15
1,0,1,0,19
1,0,0,1,3
0,1,1,0,62
0,1,0,1,19
0,0,1,1,76
1,1,1,0,1
1,1,0,1,1
0,1,1,1,4
1,1,1,1,1
`,
	// Binette and Steorts (2022), Journal of the Royal Statistical Society A 185, 640-676.
	"australia_4": `A,B,C,D,count
1,0,0,0,34
0,1,0,0,13
0,0,1,0,198
0,0,0,1,100
1,1,0,0,3
1,0,1,0,4
1,0,0,1,1
0,1,1,0,36
0,1,0,1,2
1,1,1,0,6
1,1,0,1,1
0,1,1,1,15
1,1,1,1,1
`,
	// Silverman (2014), Modern Slavery: an application of Multiple Systems Estimation, Home Office; two lists merged.
	"uk2013_5": `LA,NG,PFNCA,GO,GP,count
1,0,0,0,0,54
0,1,0,0,0,463
0,0,1,0,0,995
0,0,0,1,0,695
0,0,0,0,1,316
1,1,0,0,0,15
1,0,1,0,0,19
1,0,0,1,0,3
0,1,1,0,0,62
0,1,0,1,0,19
0,1,0,0,1,1
0,0,1,1,0,76
0,0,1,0,1,11
0,0,0,1,1,8
1,1,1,0,0,1
1,1,0,1,0,1
0,1,1,1,0,4
1,1,1,1,0,1
`,
	// Bales, Murphy and Silverman (2019), Journal of Human Trafficking 6, 375-384; lists merged.
	"neworleans_5": `A,BEFG,C,D,H,count
1,0,0,0,0,25
0,1,0,0,0,24
0,0,1,0,0,70
0,0,0,1,0,33
0,0,0,0,1,21
1,1,0,0,0,1
1,0,1,0,0,1
1,0,0,1,0,2
0,1,1,0,0,2
0,1,0,1,0,2
0,1,0,0,1,1
0,0,1,1,0,1
1,1,1,0,0,1
1,1,0,1,0,1
`,
	// Madigan and York (1997), Biometrika 84, 19-31.
	"congenital_anomaly_5": `L1,L2,L3,L4,L5,count
1,0,0,0,0,27
0,1,0,0,0,37
0,0,1,0,0,4
0,0,0,1,0,97
0,0,0,0,1,83
1,1,0,0,0,19
1,0,1,0,0,4
1,0,0,1,0,22
1,0,0,0,1,36
0,1,1,0,0,1
0,1,0,1,0,37
0,1,0,0,1,34
0,0,1,1,0,2
0,0,1,0,1,3
0,0,0,1,1,30
1,1,1,0,0,1
1,1,0,1,0,25
1,1,0,0,1,18
1,0,1,1,0,1
1,0,1,0,1,5
1,0,0,1,1,5
0,1,1,1,0,3
0,1,0,1,1,23
1,1,1,1,0,5
1,1,1,0,1,2
1,1,0,1,1,8
1,0,1,1,1,3
1,1,1,1,1,2
`,
}
